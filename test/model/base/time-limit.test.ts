import { expect, test } from 'vitest';
import { withinTime } from '../../../src/model/base/time-limit.js';

test('gives what the work gives, and throws what it throws', () => {
  expect(withinTime(60_000, () => [1, 2])).toEqual([1, 2]);
  const error = new RangeError('mine');
  expect(() =>
    withinTime(60_000, () => {
      throw error;
    }),
  ).toThrow(error);
});

test('stops loops and regular expressions that do not end', () => {
  expect(withinTime(50, () => String(/(a+)+$/.test(`${'a'.repeat(60)}b`)))).toBeUndefined();
  expect(
    withinTime(50, (): string => {
      for (;;);
    }),
  ).toBeUndefined();
  expect(withinTime(60_000, () => 'and goes on')).toBe('and goes on');
});
