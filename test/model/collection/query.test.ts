import { describe, expect, test } from 'vitest';
import { directionOf, fused, parseQuery, queryText } from '../../../src/model/collection/query.js';

describe('words of a query', () => {
  test.each([
    [['a dog'], [[1, 'a dog']], undefined],
    [['a dog', 'photos'], [[1, 'a dog']], 'photos'],
    [
      ['a dog', '+', 'beach.jpg', '-', 'a leash', 'photos'],
      [
        [1, 'a dog'],
        [1, 'beach.jpg'],
        [-1, 'a leash'],
      ],
      'photos',
    ],
    [
      ['-', 'a leash', '+', 'a dog'],
      [
        [-1, 'a leash'],
        [1, 'a dog'],
      ],
      undefined,
    ],
  ])('%j', (words, terms, folder) => {
    expect(parseQuery(words)).toEqual({ terms: terms.map(([sign, word]) => ({ sign, word })), folder });
  });

  test.each([
    [['a dog', '+'], 'nothing follows the last +'],
    [['a dog', '+', '-', 'a cat'], 'two signs follow each other: -'],
    [['a', 'dog', 'photos'], 'photos follows the folder'],
    [['-'], 'nothing follows the last -'],
    [[' '], 'a word of the query is empty'],
  ])('%j is wrong', (words, problem) => {
    expect(parseQuery(words)).toMatchObject({ problem });
  });

  test('a query as it is shown can be typed again', () => {
    for (const words of [['a dog'], ['-', 'a', '+', 'b'], ['a', '-', 'b']]) {
      const query = parseQuery(words);
      expect('terms' in query && queryText(query.terms)).toBe(words.join(' '));
    }
  });
});

test('a direction is the sum with signs at length 1', () => {
  const terms = [
    { sign: 1, word: 'a' },
    { sign: -1, word: 'b' },
  ] as const;
  const [a, b] = [Float32Array.of(1, 0), Float32Array.of(0, 1)];
  const direction = directionOf(terms, [a, b])!;
  expect(direction[0]).toBeCloseTo(Math.SQRT1_2, 6);
  expect(direction[1]).toBeCloseTo(-Math.SQRT1_2, 6);
  expect(directionOf(terms, [a, a])).toBeUndefined();
});

test('reciprocal rank fusion: 1 / (60 + rank) over the lists that have an item', () => {
  const found = fused(
    [
      ['a', 'b'],
      ['b', 'c'],
    ],
    (item) => item,
  );
  expect(found.map(({ item }) => item)).toEqual(['b', 'a', 'c']);
  expect(found[0]!.score).toBeCloseTo(1 / 62 + 1 / 61, 12);
  expect(found[2]!.score).toBeCloseTo(1 / 62, 12);
});
