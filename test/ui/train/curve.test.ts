import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EMPTY_CURVE, extend, plot, rangeOf } from '../../../src/ui/train/curve.js';

describe('a curve', () => {
  test('of few steps is those steps', () => {
    expect([3, 1, 2].reduce(extend, EMPTY_CURVE).points).toEqual([3, 1, 2]);
  });

  test('of any number of steps has few points, all means of as many steps, and loses none', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9000 }), (steps) => {
        const values = Array.from({ length: steps }, (_, i) => i);
        const { stride, points, sum, count } = values.reduce(extend, EMPTY_CURVE);
        expect(points.length).toBeLessThan(2048);
        expect(points.length * stride + count).toBe(steps);
        expect(points.reduce((total, mean) => total + mean * stride, sum)).toBe((steps * (steps - 1)) / 2);
      }),
      { numRuns: 20 },
    );
  });
});

describe('a plot', () => {
  test('falls from the top left to the bottom right', () => {
    expect(plot([3, 2, 1, 0], { low: 0, high: 3 }, false, 2, 1)).toEqual(['⠑⢄']);
  });

  test('joins points that are far from each other', () => {
    expect(plot([8, 0], { low: 0, high: 8 }, false, 1, 2)).toEqual(['⢱', '⢸']);
  });

  test('on a logarithmic scale a power is a straight line', () => {
    const powers = [1000, 100, 10, 1];
    expect(plot(powers, rangeOf(powers, true), true, 2, 1)).toEqual(['⠑⢄']);
  });

  test('leaves the rest blank, and shows the mean of points that share a column', () => {
    expect(plot([1], { low: 0, high: 1 }, false, 3, 1)).toEqual(['⠁⠀⠀']);
    const unit = { low: 0, high: 1 };
    expect(plot([0, 1, 0, 1, 0, 1, 0, 1], unit, false, 1, 2)).toEqual(plot([0.5, 0.5], unit, false, 1, 2));
  });

  test('has marks over it, where they lie', () => {
    const points = [0, 1, 2, 3, 4, 5, 6, 7];
    const range = { low: 0, high: 7 };
    const [plain, marked] = [
      [],
      [
        { at: 0, value: 7 },
        { at: 1, value: 0 },
      ],
    ].map((marks) => plot(points, range, false, 4, 3, marks));
    expect(marked!.map((line) => line.replaceAll(/[^◆]/g, '.'))).toEqual(['◆...', '....', '...◆']);
    expect(
      marked!.map((line, y) => [...line].map((char, x) => (char === '◆' ? plain![y]![x] : char)).join('')),
    ).toEqual(plain);
  });

  test('has a range also where there is nothing, or nothing changes', () => {
    expect(rangeOf([], false)).toEqual({ low: 0, high: 1 });
    expect(rangeOf([Number.NaN, 0], false)).toEqual({ low: 0, high: 1 });
    expect(rangeOf([0, 2, 4], true)).toEqual({ low: 2, high: 4 });
    const { low, high } = rangeOf([5, 5], false);
    expect(low < 5 && high > 5).toBe(true);
  });
});
