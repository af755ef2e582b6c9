/** Keys' cubic with a = -0.5, by which PyTorch interpolates with `antialias`, as Pillow does. */
function cubic(x: number): number {
  const t = Math.abs(x);
  if (t < 1) return (1.5 * t - 2.5) * t * t + 1;
  return t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0;
}

/** For each place of the new side, the first place of the old one that it is made of, and their shares. */
function shares(oldSide: number, side: number): readonly { readonly first: number; readonly weights: number[] }[] {
  const scale = oldSide / side;
  const stretch = Math.max(scale, 1);
  const support = 2 * stretch;
  return Array.from({ length: side }, (_, at) => {
    const centre = scale * (at + 0.5);
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(oldSide, Math.trunc(centre + support + 0.5));
    const weights = Array.from({ length: end - first }, (_, i) => cubic((first + i - centre + 0.5) / stretch));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/**
 * A table of a class token and a grid of old x old positions [1 + old * old, W], its grid interpolated to side x side: PyTorch's
 * `interpolate(mode="bicubic", antialias=True, align_corners=False)`, as OpenCLIP's `resize_pos_embed` has it.
 */
export function resizeGrid(table: Float32Array, width: number, oldSide: number, side: number): Float32Array {
  const along = shares(oldSide, side);
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
  weights: readonly number[],
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
