import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EMPTY_CURVE, extend, smoothed } from '../../../src/ui/train/curve.js';

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

describe('smoothing', () => {
  test('is left out where every point is seen, and where one is no number', () => {
    expect(smoothed([3, 1, 2])).toBeUndefined();
    expect(smoothed([...Array(40).fill(1), Number.NaN])).toBeUndefined();
  });

  test('keeps a straight line, from its first point to its last', () => {
    const line = Array.from({ length: 100 }, (_, i) => 2 * i);
    for (const [i, value] of smoothed(line)!.entries()) expect(value).toBeCloseTo(2 * i);
  });

  test('takes a jitter away, and no more of a step than a twelfth of the curve', () => {
    const jitter = Array.from({ length: 240 }, (_, i) => (i < 120 ? 10 : 20) + (i % 2 === 0 ? 3 : -3));
    const smooth = smoothed(jitter)!;
    for (const i of [40, 80, 109]) expect(Math.abs(smooth[i]! - 10)).toBeLessThan(0.2);
    for (const i of [130, 180, 210]) expect(Math.abs(smooth[i]! - 20)).toBeLessThan(0.2);
  });
});
