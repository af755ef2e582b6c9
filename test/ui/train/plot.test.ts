import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { axis, type Mark, type PlotSpace, plot, rangeOf } from '../../../src/ui/train/plot.js';

const textOf = (points: readonly number[], space: PlotSpace, marks: readonly Mark[] = []) =>
  plot(points, undefined, space, marks).map((row) => row.map(({ text }) => text).join(''));
const linear = (high: number, width: number, height: number) => ({ low: 0, high, isLog: false, width, height });

describe('a plot', () => {
  test('falls from the top left to the bottom right', () => {
    expect(textOf([3, 2, 1, 0], linear(3, 2, 1))).toEqual(['⠑⢄']);
  });

  test('joins points that are far from each other', () => {
    expect(textOf([8, 0], linear(8, 1, 2))).toEqual(['⢱', '⢸']);
  });

  test('on a logarithmic scale a power is a straight line', () => {
    const powers = [1000, 100, 10, 1];
    expect(textOf(powers, { ...rangeOf(powers, true), isLog: true, width: 2, height: 1 })).toEqual(['⠑⢄']);
  });

  test('of two points goes from edge to edge, of one is a dot', () => {
    expect(textOf([3, 0], linear(3, 2, 1))).toEqual(['⠑⢄']);
    expect(textOf([1], linear(1, 3, 1))).toEqual(['⠁⠀⠀']);
    expect(textOf([], linear(1, 3, 1))).toEqual(['⠀⠀⠀']);
  });

  test('shows all that points which share a column span', () => {
    expect(textOf([0, 1, 0, 1, 0, 1, 0, 1], linear(1, 1, 1))).toEqual(['⣿']);
  });

  test('draws another curve behind it, where it is not itself', () => {
    const flat = Array(8).fill(0);
    const rows = plot(flat, [1, ...flat], linear(1, 4, 2));
    expect(rows[0]!.map(({ isFaint }) => isFaint)).toEqual([true, false]);
    expect(rows[0]![0]!.text.trim()).not.toBe('');
    expect(rows[1]!.map(({ isFaint }) => isFaint)).toEqual([false]);
  });

  test('has marks over it, where they lie', () => {
    const points = [0, 1, 2, 3, 4, 5, 6, 7];
    const ends = [
      { at: 0, value: 7 },
      { at: 1, value: 0 },
    ];
    const [plain, marked] = [[], ends].map((marks) => textOf(points, linear(7, 4, 3), marks));
    expect(marked!.map((line) => line.replaceAll(/[^◆]/g, '.'))).toEqual(['◆...', '....', '...◆']);
    expect(
      marked!.map((line, y) => [...line].map((char, x) => (char === '◆' ? plain![y]![x] : char)).join('')),
    ).toEqual(plain);
  });

  test('uses its whole width and height, however many points there are', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 5000 }), fc.integer({ min: 1, max: 90 }), (count, width) => {
        const points = Array.from({ length: count }, (_, i) => count - 1 - i);
        const rows = textOf(points, linear(count - 1, width, 5));
        for (const row of rows) expect(row).toHaveLength(width);
        expect(rows[0]![0]).not.toBe('⠀');
        expect(rows[4]![width - 1]).not.toBe('⠀');
        for (let x = 0; x < width; x++) expect(rows.some((row) => row[x] !== '⠀')).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('has a range also where there is nothing, or nothing changes', () => {
    expect(rangeOf([], false)).toEqual({ low: 0, high: 1 });
    expect(rangeOf([Number.NaN, 0], false)).toEqual({ low: 0, high: 1 });
    expect(rangeOf([0, 2, 4], true)).toEqual({ low: 2, high: 4 });
    const { low, high } = rangeOf([5, 5], false);
    expect(low < 5 && high > 5).toBe(true);
  });
});

describe('an axis', () => {
  test.each<[number, number, number, string]>([
    [1, 12, 30, '1          5           10   12'],
    [1, 300, 30, '1        100      200      300'],
    [1, 12000, 50, '1                 5000                       12000'],
    [7, 7, 10, '7         '],
  ])('from %i to %i in %i columns', (first, last, width, text) => {
    expect(axis(first, last, width)).toBe(text);
  });

  test('is as wide as it should be, begins and ends with its ends, and has its numbers in order and where they belong', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.nat(20_000), fc.integer({ min: 1, max: 200 }), (first, more, width) => {
        const last = first + more;
        const line = axis(first, last, width);
        expect(line).toHaveLength(width);
        const numbers = [...line.matchAll(/\d+/g)].map((match) => ({ value: Number(match[0]), at: match.index }));
        if (width < 14) return;
        expect(numbers[0]!.value).toBe(first);
        if (more > 0) expect(numbers.at(-1)!.value).toBe(last);
        for (const { value, at } of numbers.slice(1, -1)) {
          const length = String(value).length;
          expect(Math.abs(at + length / 2 - ((value - first) / more) * (width - 1))).toBeLessThan(2);
        }
      }),
      { numRuns: 200 },
    );
  });
});
