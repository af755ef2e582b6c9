import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { permutation } from '../../../src/model/data/permutation.js';

const listed = (size: number, seed: number, stream = 0) =>
  Array.from({ length: size }, (_, i) => permutation(size, seed, stream)(i));

describe('a permutation', () => {
  it('has every number once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 700 }), fc.nat(), fc.nat(), (size, seed, stream) => {
        expect(listed(size, seed, stream).sort((a, b) => a - b)).toEqual([...Array(size).keys()]);
      }),
      { numRuns: 200 },
    );
  });

  it('is the same for the same seed and stream, and another for others', () => {
    expect(listed(100, 1, 2)).toEqual(listed(100, 1, 2));
    expect(listed(100, 1, 2)).not.toEqual(listed(100, 1, 3));
    expect(listed(100, 1, 2)).not.toEqual(listed(100, 2, 2));
  });

  it('stays in range where sizes are large', () => {
    for (const size of [2 ** 32 + 1, 2 ** 40 - 3]) {
      const place = permutation(size, 5, 0);
      const values = Array.from({ length: 1000 }, (_, i) => place(i));
      expect(values.every((value) => Number.isInteger(value) && value >= 0 && value < size)).toBe(true);
      expect(new Set(values).size).toBe(1000);
      expect(values.filter((value) => value > size / 2).length).toBeGreaterThan(400);
    }
  });

  it('puts every number in every place about equally often, and neighbours apart', () => {
    const size = 10;
    const runs = 20_000;
    const counts = Array.from({ length: size }, () => Array(size).fill(0));
    let neighbours = 0;
    for (let seed = 0; seed < runs; seed++) {
      const order = listed(size, seed);
      order.forEach((value, place) => {
        counts[place]![value]++;
        if (place > 0 && value === order[place - 1]! + 1) neighbours++;
      });
    }
    // Chi-squared with 81 degrees of freedom: above 140 once in 40,000 times.
    const expected = runs / size;
    const chi2 = counts.flat().reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chi2).toBeLessThan(140);
    // Of random orders a number follows its predecessor with probability 1 / size.
    expect(neighbours / (runs * (size - 1))).toBeCloseTo(1 / size, 2);
  });
});
