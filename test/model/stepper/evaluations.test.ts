import { describe, expect, test } from 'vitest';
import { scoresOf } from '../../../src/model/decoding/scores.js';
import { Evaluations, type Stem, stemOf } from '../../../src/model/stepper/evaluations.js';
import { type HashParameters, hashLogits, hashModel, SPECIAL, VOCAB } from '../decoding/hash-model.js';
import { ForgetfulModel } from './walks.js';

const PARAMETERS: HashParameters = { seed: 8, window: 100, eot_bias: 0 };

/** A text after the start token, by tokens; its nodes are numbered from 0 unless they are given. */
const text = (tokens: readonly number[], path = [0, ...tokens.map((_, i) => i + 1)]): Stem => ({
  path,
  ids: [SPECIAL.sot, ...tokens],
});

function open(keptRows = 100) {
  const model = new ForgetfulModel(hashModel(PARAMETERS));
  return { model, evaluations: new Evaluations(model, keptRows * 4 * VOCAB) };
}

const expected = ({ ids }: Stem) => scoresOf(hashLogits(ids, PARAMETERS), VOCAB);

describe('evaluations', () => {
  test('one call for all texts and what they begin with; none for what is known', async () => {
    const { model, evaluations } = open();
    const stems = [text([1, 2]), text([1, 3], [0, 1, 9])];
    await evaluations.evaluate(stems);
    expect(model.calls).toEqual([4]);
    for (const stem of [...stems, text([1]), text([])]) expect(evaluations.scores(stem)).toEqual(expected(stem));
    await evaluations.evaluate(stems);
    expect(model.calls).toEqual([4]);
    expect(evaluations.count).toBe(4);
  });

  test('the same number with another token is another text, and so is another number with the same token', async () => {
    const { model, evaluations } = open();
    await evaluations.evaluate([text([1]), text([2]), text([1], [0, 7])]);
    expect(model.calls).toEqual([4]);
    expect(evaluations.scores(text([2]))).toEqual(expected(text([2])));
  });

  test('what was not evaluated is an error', () => {
    expect(() => open().evaluations.scores(text([1]))).toThrow(RangeError);
  });

  test('what the model forgot is evaluated again with what follows it, and its logits are still there', async () => {
    const { model, evaluations } = open();
    await evaluations.evaluate([text([1, 2]), text([3, 4], [0, 5, 6])]);
    evaluations.retain([text([1, 2, 9])]);
    expect(evaluations.scores(text([3, 4], [0, 5, 6]))).toEqual(expected(text([3, 4])));
    await evaluations.evaluate([text([1, 2, 9])]);
    expect(model.calls).toEqual([5, 1]);
    const back = text([3, 4, 7], [0, 5, 6, 8]);
    await evaluations.evaluate([back]);
    expect(model.calls).toEqual([5, 1, 3]);
    expect(evaluations.scores(back)).toEqual(expected(back));
  });

  test('of logits the latest are kept; those dropped are evaluated again, and what follows them still follows', async () => {
    const { model, evaluations } = open(4);
    const long = text([1, 2, 3, 4, 5, 6]);
    for (let length = 1; length <= 7; length++) await evaluations.evaluate([stemOf(long, length)]);
    expect(() => evaluations.scores(stemOf(long, 3))).toThrow(RangeError);
    await evaluations.evaluate([stemOf(long, 4)]); // looked at: the next to go is another
    await evaluations.evaluate([stemOf(long, 3)]);
    expect(evaluations.scores(stemOf(long, 3))).toEqual(expected(stemOf(long, 3)));
    expect(evaluations.scores(stemOf(long, 4))).toEqual(expected(stemOf(long, 4)));
    expect(() => evaluations.scores(stemOf(long, 5))).toThrow(RangeError);
    expect(model.calls).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    evaluations.retain([stemOf(long, 3), long]);
    await evaluations.evaluate([text([1, 2, 8], [0, 1, 2, 9])]);
    expect(evaluations.scores(text([1, 2, 8], [0, 1, 2, 9]))).toEqual(expected(text([1, 2, 8])));
  });

  test('a call larger than the limit has all of its logits', async () => {
    const { evaluations } = open(2);
    const stems = Array.from({ length: 8 }, (_, token) => text([token], [0, token + 1]));
    await evaluations.evaluate(stems);
    for (const stem of stems) expect(evaluations.scores(stem)).toEqual(expected(stem));
  });

  test('after a failure the model is asked nothing more', async () => {
    let calls = 0;
    const failing = {
      vocabSize: VOCAB,
      batch: 1,
      extend: async () => {
        calls++;
        throw new Error('lost the device');
      },
      release: () => undefined,
    };
    const evaluations = new Evaluations(failing);
    await expect(evaluations.evaluate([text([1])])).rejects.toThrow('lost the device');
    await expect(evaluations.evaluate([text([2])])).rejects.toThrow('lost the device');
    expect(calls).toBe(1);
  });
});
