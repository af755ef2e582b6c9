import { expect, test } from 'vitest';
import type { ImageEncoding } from '../../../src/model/api.js';
import { owedToWords } from '../../../src/model/attention/owed.js';
import { scoresOf } from '../../../src/model/decoding/scores.js';
import type { TokenRow, TreeModel } from '../../../src/model/decoding/types.js';

const IMAGE = { count: 1 } as ImageEncoding;
const word = (positions: number[], logprob = -1) => ({ text: '', positions, logprob, special: false });

/** Of eight tokens; each but the first of a caption costs 1, and token 2 is sure (0) where a 1 stands before it and else costs 6. */
function model() {
  const read: (readonly number[])[] = [];
  const tree = {
    vocabSize: 8,
    extend: async ([rows]: readonly (readonly TokenRow[])[]) => [
      // The likeliest is 1, then 2, 3 and so on.
      scoresOf(Float32Array.from(rows!.flatMap(() => [-9, 7, 6, 5, 4, 3, 2, 1])), 8),
    ],
    release: () => undefined,
  } as unknown as TreeModel;
  const logprobsOf = (ids: readonly number[]) => ids.slice(1).map((id, i) => (id !== 2 ? -1 : ids[i] === 1 ? 0 : -6));
  return {
    read,
    logprobsOf,
    openTree: async () => tree,
    readCaption: async (_: ImageEncoding, ids: readonly number[]) => {
      read.push(ids);
      return [logprobsOf(ids)];
    },
  };
}

test('a word owes to the one without which it is less likely, and to no later one', async () => {
  const coca = model();
  const ids = [0, 5, 1, 2, 7];
  const parts: number[] = [];
  const words = [word([1]), word([2]), word([3], 0)];
  const owed = await owedToWords(coca, IMAGE, ids, words, { onProgress: (part) => parts.push(part) });
  expect(owed).toEqual([[], [0], [0, 6]]);
  expect(parts).toEqual([0, 1 / 3, 2 / 3, 1]);
});

test('in its place stand the three likeliest others, its own left out', async () => {
  const coca = model();
  await owedToWords(coca, IMAGE, [0, 5, 1, 7], [word([1]), word([2])]);
  expect(coca.read.map((ids) => ids.slice(1, 3))).toEqual([
    [1, 1],
    [2, 1],
    [3, 1],
    [5, 2],
    [5, 3],
    [5, 4],
  ]);
});

test('a word of several tokens is replaced whole, and its fall is theirs together', async () => {
  const coca = model();
  const ids = [0, 1, 2, 2, 7];
  const words = [word([1]), word([2, 3], -6)];
  expect(await owedToWords(coca, IMAGE, ids, words)).toEqual([[], [expect.closeTo(6, 5)]]);
  expect(coca.read.at(-1)!.slice(2, 4)).toEqual([4, 4]);
});

test('stops when asked to', async () => {
  const signal = AbortSignal.abort();
  await expect(owedToWords(model(), IMAGE, [0, 1, 7], [word([1])], { signal })).rejects.toMatchObject({
    code: 'interrupted',
  });
});
