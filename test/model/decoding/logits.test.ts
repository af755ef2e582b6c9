import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byValue, logSumExp, topTokens } from '../../../src/model/decoding/logits.js';
import { bannedByNgram } from '../../../src/model/decoding/processors.js';

const logits = fc.array(fc.oneof(fc.float({ noNaN: true, min: -90, max: 90 }), fc.constant(-Infinity)), {
  minLength: 1,
  maxLength: 70,
});

describe('logSumExp', () => {
  it('is what its definition says', () => {
    fc.assert(
      fc.property(logits, fc.nat(3), (values, before) => {
        fc.pre(values.some(Number.isFinite));
        const row = Float32Array.from([...Array<number>(before).fill(99), ...values, 99]);
        const exact = Math.log(values.reduce((sum, value) => sum + Math.exp(Math.fround(value)), 0));
        expect(Math.abs(logSumExp(row, before, before + values.length) - exact)).toBeLessThan(1e-8 * values.length);
      }),
    );
  });

  it('holds over a vocabulary', () => {
    const row = Float32Array.from({ length: 49408 }, (_, i) => 8 * Math.sin(i * i));
    const exact = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
    expect(Math.abs(logSumExp(row, 0, row.length) - exact)).toBeLessThan(1e-8);
  });

  it.each([[[1, Number.NaN, 2]], [[1, 2, Number.NaN]], [[1, Infinity]], [[-Infinity, -Infinity]]])(
    'refuses %j',
    (values) => {
      expect(() => logSumExp(Float32Array.from(values), 0, values.length)).toThrow(/not finite/);
    },
  );
});

describe('topTokens', () => {
  it('finds what sorting finds, with tokens overlaid', () => {
    const few = fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(-Infinity)), { maxLength: 40 });
    const overlay = fc.array(fc.tuple(fc.nat(39), fc.oneof(fc.integer({ min: -4, max: 4 }), fc.constant(-Infinity))));
    fc.assert(
      fc.property(few, overlay, fc.nat(12), (values, changes, k) => {
        const changed = new Map(changes.filter(([token]) => token < values.length));
        const sorted = values
          .map((value, token) => ({ token, value: changed.get(token) ?? value }))
          .filter(({ value }) => value !== -Infinity)
          .sort(byValue);
        const row = Float32Array.from([7, ...values, 7]);
        expect(topTokens(row, 1, values.length + 1, k, changed)).toEqual(sorted.slice(0, k));
      }),
    );
  });
});

describe('bannedByNgram', () => {
  it.each([
    [[1, 2, 3, 1, 2], 3, [3]],
    [[1, 2, 1, 3, 1], 2, [2, 3]],
    [[5, 6], 1, [5, 6]],
    [[1, 1, 1], 2, [1]],
    [[1, 2], 4, []],
    [[1, 2, 1, 2], 0, []],
  ])('of %j for n = %i are %j', (ids, n, banned) => {
    expect([...bannedByNgram(ids, n)].sort()).toEqual(banned);
  });
});
