import { kernelMaker, MemoryPlan, roundUp } from '../../base/numbers/kernel.js';
import type { Axis } from './axis.js';
import { RESAMPLING } from './resampling-wasm.js';

/** What resampling.wat exports; all numbers are of bytes, but for rows, counts and groups of taps. */
interface Functions {
  alongRows(
    source: number,
    rows: number,
    stride: number,
    count: number,
    starts: number,
    weights: number,
    fours: number,
    out: number,
  ): void;
  acrossRows(source: number, stride: number, weights: number, pairs: number, out: number): void;
}

/** Its memory stays with the thread: beyond this (a side of hundreds of thousands of pixels) is no place. */
const MOST_BYTES = 64 * 2 ** 20;
/** Source rows are copied in by bands of about so many bytes. */
const BAND = 2 ** 20;
/** More than the kernel reads or writes at once behind the end of a row. */
const SLACK = 16;

const make = kernelMaker<Functions>(RESAMPLING);
/** One for each thread. */
let kernel: ReturnType<typeof make>;

/** An axis' weights as the kernel has them: `taps` of each output pixel, by pairs. */
function splitWeights(axis: Axis, taps: number): Int16Array {
  const halves = new Int16Array(axis.count * taps * 2);
  for (let i = 0; i < axis.count; i++) {
    for (let k = 0; k < axis.lengths[i]!; k++) {
      const weight = axis.weights[i * axis.taps + k]!;
      const at = (i * taps + (k & ~1)) * 2 + (k & 1);
      halves[at] = weight >> 11;
      halves[at + 2] = weight & 2047;
    }
  }
  return halves;
}

/**
 * `resample` by resampling.wat, to the same bytes.
 * @returns undefined where this processor or this size is none for it
 */
export function resampleByKernel(source: Uint8Array, columns: Axis, rows: Axis): Uint8Array | undefined {
  kernel ??= make();
  if (kernel === undefined) return undefined;
  const stride = columns.length * 3;
  const narrow = columns.count * 3;
  const band = Math.max(1, Math.min(rows.length, Math.floor(BAND / stride)));

  const plan = new MemoryPlan();
  const [acrossTaps, downTaps] = [roundUp(columns.taps, 4), roundUp(rows.taps, 2)];
  const starts = plan.reserve(columns.count * 4);
  const acrossWeights = plan.reserve(columns.count * acrossTaps * 4);
  const downWeights = plan.reserve(rows.count * downTaps * 4);
  // A row more: an odd number of taps is filled up.
  const narrowed = plan.reserve((rows.length + 1) * narrow + SLACK);
  const out = plan.reserve(narrow + SLACK);
  // Pixels at the right end have fewer taps than others, and are given weights of 0 for the rest.
  const pixels = plan.reserve(band * stride + acrossTaps * 3 + SLACK);
  if (plan.bytes > MOST_BYTES) return undefined;
  const memory = plan.fit(kernel);
  const bytes = new Uint8Array(memory);
  new Int32Array(memory, starts, columns.count).set(columns.offsets.map((offset) => offset * 3));
  new Int16Array(memory, acrossWeights).set(splitWeights(columns, acrossTaps));
  new Int16Array(memory, downWeights).set(splitWeights(rows, downTaps));
  for (let row = 0; row < rows.length; row += band) {
    const count = Math.min(band, rows.length - row);
    bytes.set(source.subarray(row * stride, (row + count) * stride), pixels);
    const to = narrowed + row * narrow;
    kernel.alongRows(pixels, count, stride, columns.count, starts, acrossWeights, acrossTaps / 4, to);
  }
  const resampled = new Uint8Array(rows.count * narrow);
  for (let i = 0; i < rows.count; i++) {
    const first = narrowed + rows.offsets[i]! * narrow;
    kernel.acrossRows(first, narrow, downWeights + i * downTaps * 4, Math.ceil(rows.lengths[i]! / 2), out);
    resampled.set(bytes.subarray(out, out + narrow), i * narrow);
  }
  return resampled;
}
