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

test('counts only time on a CPU: work that had to wait for one is begun anew', () => {
  let begun = 0;
  const work = (): string => {
    // As if the system gave the time to others.
    if (++begun === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000);
    return `at try ${begun}`;
  };
  expect(withinTime(500, work)).toBe('at try 2');
});
