import { expect, test } from 'vitest';
import { Lru } from '../../../src/model/base/lru.js';

test('the entries that were used last stay, whether they were read or written', () => {
  const lru = new Lru([
    ['a', 1],
    ['b', 2],
    ['c', 3],
    ['d', 4],
  ]);
  lru.get('a');
  lru.set('b', 5);
  expect(lru.get('none')).toBeUndefined();
  expect(lru.has('c')).toBe(true);
  expect(lru.trim(2)).toEqual([3, 4]);
  expect([...lru]).toEqual([
    ['a', 1],
    ['b', 5],
  ]);
});

test('nothing is dropped while there is room', () => {
  const lru = new Lru([['a', 1]]);
  expect(lru.trim(1)).toEqual([]);
  expect(lru.trim(0)).toEqual([1]);
  expect(lru.trim(0)).toEqual([]);
});
