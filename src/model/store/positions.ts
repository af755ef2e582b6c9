import { axis } from '../image/resample/axis.js';

/**
 * A table of a class token and a grid of old x old positions [1 + old * old, W], its grid interpolated to side x side: PyTorch's
 * `interpolate(mode="bicubic", antialias=True, align_corners=False)`, as OpenCLIP's `resize_pos_embed` has it.
 */
export function resizeGrid(table: Float32Array, width: number, oldSide: number, side: number): Float32Array {
  // Pillow's weights before they are rounded are PyTorch's.
  const { count, start, offsets, lengths, exact, taps } = axis(oldSide, side, 0, side, 'bicubic');
  const along = Array.from({ length: count }, (_, i) => ({
    first: start + offsets[i]!,
    weights: exact.subarray(i * taps, i * taps + lengths[i]!),
  }));
  const grid = table.subarray(width);
  const wide = new Float64Array(oldSide * side * width); // [old rows, side, W]
  for (let row = 0; row < oldSide; row++) {
    for (const [column, { first, weights }] of along.entries()) {
      addRows(wide, (row * side + column) * width, grid, width, weights, (i) => row * oldSide + first + i);
    }
  }
  const resized = new Float32Array((1 + side * side) * width);
  resized.set(table.subarray(0, width));
  const sums = new Float64Array(width);
  for (const [row, { first, weights }] of along.entries()) {
    for (let column = 0; column < side; column++) {
      sums.fill(0);
      addRows(sums, 0, wide, width, weights, (i) => (first + i) * side + column);
      resized.set(sums, (1 + row * side + column) * width);
    }
  }
  return resized;
}

/** Adds rows of a table, each times its weight, to one of another. */
function addRows(
  to: Float64Array,
  at: number,
  from: Float32Array | Float64Array,
  width: number,
  weights: Float64Array,
  rowOf: (i: number) => number,
): void {
  for (const [i, weight] of weights.entries()) {
    const start = rowOf(i) * width;
    for (let k = 0; k < width; k++) to[at + k]! += weight * from[start + k]!;
  }
}

/**
 * A table of positions along a text [old, W], interpolated to [length, W]: PyTorch's `interpolate(mode="linear",
 * align_corners=False)`, as OpenCLIP's `resize_text_pos_embed` has it.
 */
export function resizeRows(table: Float32Array, width: number, oldLength: number, length: number): Float32Array {
  const resized = new Float32Array(length * width);
  for (let at = 0; at < length; at++) {
    const place = Math.max(0, ((at + 0.5) * oldLength) / length - 0.5);
    const first = Math.min(Math.floor(place), oldLength - 1);
    const next = Math.min(first + 1, oldLength - 1);
    const share = place - first;
    for (let k = 0; k < width; k++) {
      resized[at * width + k] = (1 - share) * table[first * width + k]! + share * table[next * width + k]!;
    }
  }
  return resized;
}
