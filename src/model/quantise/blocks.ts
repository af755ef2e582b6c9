import type { BlockFormat } from './precision.js';

/** A matrix [N, K] in blocks along K; the last block of a row may hold weights of which there are none: zeros. */
export interface QuantisedMatrix {
  /** [N, blocks, block * bits / 8] bytes, as MatMulNBits wants them: of two 4-bit weights in a byte the first is the lower half. */
  readonly quants: Uint8Array;
  /** [N, blocks]: a weight is (quant - 2^(bits - 1)) * scale. */
  readonly scales: Float32Array;
}

/** How many blocks a row of K weights has. */
export const blocksOf = (columns: number, { block }: BlockFormat): number => Math.ceil(columns / block);

/**
 * Rounds each weight to the nearest multiple of its block's scale, which is the largest magnitude there over
 * 2^(bits - 1) - 1: symmetric, so that 0 stays 0.
 * @param values [N, K]; the scale of a block with a NaN or an infinity is not finite
 */
export function quantise(values: Float32Array, rows: number, columns: number, format: BlockFormat): QuantisedMatrix {
  const { bits, block } = format;
  const blocks = blocksOf(columns, format);
  const quants = new Uint8Array((rows * blocks * block * bits) / 8);
  const scales = new Float32Array(rows * blocks);
  const zero = 2 ** (bits - 1);
  const most = zero - 1;
  // Both halves of a byte are zero where nothing is written.
  quants.fill(bits === 8 ? zero : zero | (zero << 4));
  for (let row = 0; row < rows; row++) {
    for (let index = 0; index < blocks; index++) {
      const from = row * columns + index * block;
      const to = Math.min(from + block, (row + 1) * columns);
      let largest = 0;
      for (let i = from; i < to; i++) largest = Math.max(largest, Math.abs(values[i]!));
      const at = row * blocks + index;
      const scale = Math.fround(largest / most);
      scales[at] = scale;
      if (!(scale > 0 && scale < Number.POSITIVE_INFINITY)) continue;
      for (let i = from; i < to; i++) {
        const quant = Math.max(-most, Math.min(most, Math.round(values[i]! / scale))) + zero;
        const place = at * block + (i - from);
        if (bits === 8) quants[place] = quant;
        else {
          const shift = place % 2 === 0 ? 0 : 4;
          quants[place >> 1] = (quants[place >> 1]! & (0xf0 >> shift)) | (quant << shift);
        }
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
