/**
 * Pillow's antialiased resampling of 8-bit pictures, bit for bit: the filter is stretched over the source when
 * shrinking, weights are 22-bit fixed point, and the horizontal pass is rounded to 8 bits before the vertical one
 * (Pillow, src/libImaging/Resample.c). OpenCLIP's pictures go through it, so the same ids need the same pixels.
 * Pillow 13 does some tall pictures in the other order; what came before, and trained the released models, never did.
 */

export type Interpolation = 'bicubic' | 'bilinear';

interface Filter {
  /** Half the filter's width, in output pixels. */
  readonly support: number;
  weight(x: number): number;
}

const FILTERS: Record<Interpolation, Filter> = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  // Keys' cubic convolution (1981) with a = -0.5
  bicubic: {
    support: 2,
    weight(x) {
      const a = -0.5;
      const t = Math.abs(x);
      if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
      if (t < 2) return (((t - 5) * t + 8) * t - 4) * a;
      return 0;
    },
  },
};

const PRECISION_BITS = 22;
const HALF = 1 << (PRECISION_BITS - 1);

/** Weights that make a run of output pixels out of a run of source pixels, along one side of a picture. */
export interface Axis {
  /** The source pixels that take part. */
  readonly start: number;
  readonly length: number;
  /** How many output pixels. */
  readonly count: number;
  /** Output pixel i weighs the `lengths[i]` source pixels from `start + offsets[i]` with `weights` from i * taps. */
  readonly offsets: Int32Array;
  readonly lengths: Int32Array;
  readonly weights: Int32Array;
  /** The same before they were rounded: what 16-bit samples are weighed with. */
  readonly exact: Float64Array;
  readonly taps: number;
}

/** The axis that resizes `source` pixels to `target`, cut down to the `count` output pixels from `from`. */
export function axis(source: number, target: number, from: number, count: number, interpolation: Interpolation): Axis {
  const filter = FILTERS[interpolation];
  const scale = source / target;
  const stretch = Math.max(1, scale);
  const support = filter.support * stretch;
  const taps = Math.min(source, Math.ceil(support) * 2 + 1);
  const offsets = new Int32Array(count);
  const lengths = new Int32Array(count);
  const weights = new Int32Array(count * taps);
  const exact = new Float64Array(count * taps);
  for (let i = 0; i < count; i++) {
    const centre = (from + i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const length = Math.min(source, Math.trunc(centre + support + 0.5)) - first;
    let sum = 0;
    const row = exact.subarray(i * taps, (i + 1) * taps);
    for (let k = 0; k < length; k++) {
      // The reciprocal, then a product: Pillow's rounding depends on it.
      row[k] = filter.weight((k + first - centre + 0.5) * (1 / stretch));
      sum += row[k]!;
    }
    for (let k = 0; k < length; k++) {
      if (sum !== 0) row[k] = row[k]! / sum;
      const scaled = row[k]! * (1 << PRECISION_BITS);
      weights[i * taps + k] = Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    }
    offsets[i] = first;
    lengths[i] = length;
  }
  const start = offsets[0]!;
  const length = offsets[count - 1]! + lengths[count - 1]! - start;
  for (let i = 0; i < count; i++) offsets[i] = offsets[i]! - start;
  return { start, length, count, offsets, lengths, weights, exact, taps };
}

/** source: rows x columns.length x 3 -> rows x columns.count x 3 */
function resampleRows(source: Uint8Array, rows: number, columns: Axis): Uint8ClampedArray {
  const { count, taps, offsets, lengths, weights } = columns;
  const out = new Uint8ClampedArray(rows * count * 3);
  let to = 0;
  for (let row = 0; row < rows; row++) {
    const rowStart = row * columns.length * 3;
    for (let i = 0; i < count; i++) {
      let from = rowStart + offsets[i]! * 3;
      const end = i * taps + lengths[i]!;
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      for (let k = i * taps; k < end; k++) {
        const weight = weights[k]!;
        red = (red + Math.imul(source[from]!, weight)) | 0;
        green = (green + Math.imul(source[from + 1]!, weight)) | 0;
        blue = (blue + Math.imul(source[from + 2]!, weight)) | 0;
        from += 3;
      }
      out[to] = red >> PRECISION_BITS;
      out[to + 1] = green >> PRECISION_BITS;
      out[to + 2] = blue >> PRECISION_BITS;
      to += 3;
    }
  }
  return out;
}

/** source: rows.length x width x 3 -> rows.count x width x 3 */
function resampleColumns(source: Uint8ClampedArray, width: number, rows: Axis): Uint8ClampedArray<ArrayBuffer> {
  const stride = width * 3;
  const out = new Uint8ClampedArray(rows.count * stride);
  const sums = new Int32Array(stride);
  for (let i = 0; i < rows.count; i++) {
    sums.fill(HALF);
    for (let k = 0; k < rows.lengths[i]!; k++) {
      const weight = rows.weights[i * rows.taps + k]!;
      const from = (rows.offsets[i]! + k) * stride;
      for (let x = 0; x < stride; x++) sums[x] = sums[x]! + Math.imul(source[from + x]!, weight);
    }
    for (let x = 0; x < stride; x++) out[i * stride + x] = sums[x]! >> PRECISION_BITS;
  }
  return out;
}

/**
 * Resamples RGB bytes. `source` holds exactly the pixels that the axes take part in: rows.length x columns.length x 3;
 * the result is rows.count x columns.count x 3.
 */
export function resample(source: Uint8Array, columns: Axis, rows: Axis): Uint8Array {
  const narrowed = resampleRows(source, rows.length, columns); // rows.length x columns.count x 3
  return new Uint8Array(resampleColumns(narrowed, columns.count, rows).buffer);
}
