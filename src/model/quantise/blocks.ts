import { BLOCK } from './precision.js';

/** A matrix [N, K] in blocks along K; the last block of a row may hold weights of which there are none: zeros. */
export interface QuantisedMatrix {
  /** [N, blocks, BLOCK] bytes, as MatMulNBits wants them. */
  readonly quants: Uint8Array;
  /** [N, blocks]: a weight is (quant - 128) * scale. */
  readonly scales: Float32Array;
}

/** The byte that stands for 0. */
const ZERO = 128;
const MOST = 127;

/** How many blocks a row of K weights has. */
export const blocksOf = (columns: number): number => Math.ceil(columns / BLOCK);

/**
 * Rounds each weight to the nearest multiple of its block's scale, which is the largest magnitude there over 127: symmetric, so that
 * 0 stays 0.
 * @param values [N, K]; the scale of a block with a NaN or an infinity is not finite
 */
export function quantise(values: Float32Array, rows: number, columns: number): QuantisedMatrix {
  const blocks = blocksOf(columns);
  const quants = new Uint8Array(rows * blocks * BLOCK).fill(ZERO);
  const scales = new Float32Array(rows * blocks);
  for (let row = 0; row < rows; row++) {
    for (let index = 0; index < blocks; index++) {
      const from = row * columns + index * BLOCK;
      const to = Math.min(from + BLOCK, (row + 1) * columns);
      let largest = 0;
      for (let i = from; i < to; i++) largest = Math.max(largest, Math.abs(values[i]!));
      const at = row * blocks + index;
      const scale = Math.fround(largest / MOST);
      scales[at] = scale;
      if (!(scale > 0 && scale < Number.POSITIVE_INFINITY)) continue;
      for (let i = from; i < to; i++) {
        const steps = Math.round(values[i]! / scale);
        quants[at * BLOCK + (i - from)] = Math.max(-MOST, Math.min(MOST, steps)) + ZERO;
      }
    }
  }
  return { quants, scales };
}

/** [K, N] -> [N, K]. */
export function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[column * rows + row] = values[row * columns + column]!;
  }
  return out;
}
