import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { blocksOf, type QuantisedMatrix, quantise, transposed } from '../../../src/model/quantise/blocks.js';
import { BLOCK } from '../../../src/model/quantise/precision.js';

/** The weights that a quantised matrix stands for, as ONNX Runtime's documentation of MatMulNBits has it. */
function weights({ quants, scales }: QuantisedMatrix, rows: number, columns: number) {
  const blocks = blocksOf(columns);
  return Float32Array.from({ length: rows * columns }, (_, i) => {
    const [row, column] = [Math.floor(i / columns), i % columns];
    const block = row * blocks + Math.floor(column / BLOCK);
    return (quants[block * BLOCK + (column % BLOCK)]! - 128) * scales[block]!;
  });
}

const filled = (values: readonly number[], size: number) =>
  Float32Array.from({ length: size }, (_, i) => values[i] ?? 0);

describe('by hand', () => {
  test('the largest magnitude is 127 steps', () => {
    const { quants, scales } = quantise(filled([1.27, -1.27, 0.01], 64), 1, 64);
    expect(scales[0]).toBeCloseTo(0.01, 7);
    expect([...quants.subarray(0, 5)]).toEqual([255, 1, 129, 128, 128]);
  });

  test('a last block that is not full has zeros', () => {
    const { quants, scales } = quantise(new Float32Array(136).fill(1), 2, 68);
    expect(scales).toHaveLength(4);
    expect([...quants.subarray(64, 128)]).toEqual([255, 255, 255, 255, ...Array(60).fill(128)]);
  });

  test('a block of zeros', () => {
    const { quants, scales } = quantise(new Float32Array(64), 1, 64);
    expect([...scales]).toEqual([0]);
    expect(new Set(quants)).toEqual(new Set([128]));
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('%d is seen in the scale', (value) => {
    const { scales } = quantise(filled([...Array(64).fill(1), value], 128), 1, 128);
    expect([...scales].map(Number.isFinite)).toEqual([true, false]);
  });
});

test('every weight is within half a step', () => {
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
      const made = quantise(values, rows, columns);
      const back = weights(made, rows, columns);
      return values.every((value, i) => {
        const block = Math.floor(i / columns) * blocksOf(columns) + Math.floor((i % columns) / BLOCK);
        return Math.abs(value - back[i]!) <= made.scales[block]! * 0.501 + 1e-30;
      });
    }),
  );
});

test('transposed', () => {
  expect([...transposed(Float32Array.of(1, 2, 3, 4, 5, 6), 2, 3)]).toEqual([1, 4, 2, 5, 3, 6]);
});
