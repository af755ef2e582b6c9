import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scoresOf } from '../../../src/model/decoding/scores.js';
import { findTokens } from '../../../src/model/stepper/index.js';

const TEXTS = ['dog', 'a', 'hotdog', 'Dog', 'dogs', 'cat', '<end>'];
const scores = (logits: Float32Array) => scoresOf(logits, logits.length);
const SCORES = scores(Float32Array.from([0.1, 0.4, 0.2, 0.05, 0.05, 0.1, 0.1], Math.log));
const found = (query: string, most = 9) => findTokens(query, TEXTS, SCORES, most).map(({ text }) => text);

test('the token itself, then those that begin so, then those that hold it; each by probability', () => {
  expect(found('dog')).toEqual(['dog', 'Dog', 'dogs', 'hotdog']);
  expect(found('DOG')).toEqual(['dog', 'Dog', 'dogs', 'hotdog']);
  expect(found('dog', 2)).toEqual(['dog', 'Dog']);
  expect(found('zebra')).toEqual([]);
  expect(found('<e')).toEqual(['<end>']);
});

test('everything, the likeliest first, for nothing typed', () => {
  expect(found('')).toEqual(['a', 'hotdog', 'dog', 'cat', '<end>', 'Dog', 'dogs']);
});

test('a token without text is no better found by nothing than another', () => {
  const found = findTokens('', ['', 'dog', ''], scores(Float32Array.from([0.1, 0.7, 0.2], Math.log)), 3);
  expect(found.map(({ id, rank }) => [id, rank])).toEqual([
    [1, 1],
    [2, 2],
    [0, 3],
  ]);
});

test('probability and rank are those among all tokens', () => {
  const [dog, , dogs] = findTokens('dog', TEXTS, SCORES, 9);
  expect(Math.exp(dog!.logprob)).toBeCloseTo(0.1, 6);
  expect([dog!.rank, dogs!.rank]).toEqual([3, 7]);
});

test('ranks number all tokens from 1', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 20 }), (values) => {
      const all = findTokens('', values.map(String), scores(Float32Array.from(values)), values.length);
      expect(all.map(({ rank }) => rank)).toEqual(values.map((_, i) => i + 1));
    }),
  );
});
