import { type Axis, PRECISION_BITS } from './axis.js';

const HALF = 1 << (PRECISION_BITS - 1);

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

/** What `resample` does, in JavaScript: for pictures and machines that the kernel does not take. */
export function resamplePlainly(source: Uint8Array, columns: Axis, rows: Axis): Uint8Array {
  const narrowed = resampleRows(source, rows.length, columns); // rows.length x columns.count x 3
  return new Uint8Array(resampleColumns(narrowed, columns.count, rows).buffer);
}
