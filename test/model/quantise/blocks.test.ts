import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blocksOf, type QuantisedMatrix, quantise, transposed } from '../../../src/model/quantise/blocks.js';
import type { BlockFormat } from '../../../src/model/quantise/precision.js';

const EIGHT: BlockFormat = { bits: 8, block: 16 };
const FOUR: BlockFormat = { bits: 4, block: 16 };

/** The weights that a quantised matrix stands for, as ONNX Runtime's documentation of MatMulNBits has it. */
function weights({ quants, scales }: QuantisedMatrix, rows: number, columns: number, format: BlockFormat) {
  const blocks = blocksOf(columns, format);
  return Float32Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const block = row * blocks + Math.floor(column / format.block);
    const place = block * format.block + (column % format.block);
    const quant = format.bits === 8 ? quants[place]! : (quants[place >> 1]! >> (place % 2 === 0 ? 0 : 4)) & 15;
    return (quant - 2 ** (format.bits - 1)) * scales[block]!;
  });
}

describe('by hand', () => {
  const row = [1.27, -1.27, 0.01, 0, ...Array(12).fill(0)];

  test('8 bits: the largest magnitude is 127 steps', () => {
    const { quants, scales } = quantise(Float32Array.from(row), 1, 16, EIGHT);
    expect(scales[0]).toBeCloseTo(0.01, 7);
    expect([...quants.subarray(0, 5)]).toEqual([255, 1, 129, 128, 128]);
  });

  test('4 bits: the largest magnitude is 7 steps, two weights in a byte, the first in the lower half', () => {
    const { quants, scales } = quantise(Float32Array.from([7, -7, 3, 1, ...Array(12).fill(0)]), 1, 16, FOUR);
    expect(scales[0]).toBe(1);
    expect([...quants]).toEqual([0x1f, 0x9b, 0x88, 0x88, 0x88, 0x88, 0x88, 0x88]);
  });

  test('a last block that is not full has zeros', () => {
    const { quants, scales } = quantise(
      Float32Array.from({ length: 40 }, () => 1),
      2,
      20,
      EIGHT,
    );
    expect(scales).toHaveLength(4);
    expect([...quants.subarray(16, 32)]).toEqual([255, 255, 255, 255, ...Array(12).fill(128)]);
  });

  test('a block of zeros', () => {
    const { quants, scales } = quantise(new Float32Array(16), 1, 16, FOUR);
    expect([...scales]).toEqual([0]);
    expect(new Set(quants)).toEqual(new Set([0x88]));
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('%d is seen in the scale', (value) => {
    const { scales } = quantise(Float32Array.from([...Array(16).fill(1), value, ...Array(15).fill(1)]), 1, 32, EIGHT);
    expect([...scales].map(Number.isFinite)).toEqual([true, false]);
  });
});

test.each([EIGHT, FOUR, { bits: 8, block: 64 }, { bits: 4, block: 32 }] as const)(
  'of %j every weight is within half a step',
  (format) => {
    const matrix = fc.integer({ min: 1, max: 5 }).chain((rows) =>
      fc.integer({ min: 1, max: 150 }).chain((columns) =>
        fc
          .array(fc.float({ noNaN: true, min: Math.fround(-9), max: Math.fround(9) }), {
            minLength: rows * columns,
            maxLength: rows * columns,
          })
          .map((values) => ({ rows, columns, values: Float32Array.from(values) })),
      ),
    );
    fc.assert(
      fc.property(matrix, ({ rows, columns, values }) => {
        const made = quantise(values, rows, columns, format);
        const back = weights(made, rows, columns, format);
        const blocks = blocksOf(columns, format);
        return values.every((value, i) => {
          const block = Math.floor(i / columns) * blocks + Math.floor((i % columns) / format.block);
          return Math.abs(value - back[i]!) <= made.scales[block]! * 0.501 + 1e-30;
        });
      }),
    );
  },
);

test('transposed', () => {
  expect([...transposed(Float32Array.of(1, 2, 3, 4, 5, 6), 2, 3)]).toEqual([1, 4, 2, 5, 3, 6]);
});
