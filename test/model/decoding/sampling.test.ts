import { describe, expect, it } from 'vitest';
import { nextRandom, seedRandom } from '../../../src/model/base/random.js';
import { type DecodingOptions, decodingOptions } from '../../../src/model/decoding/index.js';
import type { Adjustment } from '../../../src/model/decoding/processors.js';
import { distribution, draw } from '../../../src/model/decoding/sampling.js';
import { Row, scoresOf } from '../../../src/model/decoding/scores.js';
import { CONTEXT, captions, hashLogits, SPECIAL, VOCAB } from './hash-model.js';

/** Logits of the probabilities 0.4, 0.1, 0.3, 0.2 for the tokens 0 to 3. */
const LOGITS = Float32Array.from([0.4, 0.1, 0.3, 0.2], Math.log);

function left(given: Partial<DecodingOptions>, changed = new Map<number, Adjustment>()) {
  const options = decodingOptions({ strategy: 'sample', ...given }, { contextLength: CONTEXT });
  const { tokens, probabilities } = distribution(new Row(scoresOf(LOGITS, 4), 0), changed, options);
  const rounded = Array.from(tokens, (token, place) => [token, Math.round(probabilities[place]! * 1e6) / 1e6]);
  return Object.fromEntries(rounded);
}

describe('the distribution a sample is drawn from', () => {
  it.each([
    ['everything', {}, { 0: 0.4, 1: 0.1, 2: 0.3, 3: 0.2 }],
    // p ** 2, renormalised: 16, 1, 9, 4 of 30.
    ['at half the temperature', { temperature: 0.5 }, { 0: 0.533333, 1: 0.033333, 2: 0.3, 3: 0.133333 }],
    ['the 2 likeliest', { topK: 2 }, { 0: 0.571429, 2: 0.428571 }],
    ['a k beyond the vocabulary', { topK: 99 }, { 0: 0.4, 1: 0.1, 2: 0.3, 3: 0.2 }],
    // 0.4 is short of 0.6, and the token that passes it belongs to the nucleus.
    ['a nucleus of 0.6', { topP: 0.6 }, { 0: 0.571429, 2: 0.428571 }],
    ['a nucleus of 0.8', { topP: 0.8 }, { 0: 0.444444, 2: 0.333333, 3: 0.222222 }],
    ['a nucleus that one token fills', { topP: 0.01 }, { 0: 1 }],
    // The floor is 0.6 x 0.4 = 0.24.
    ['at least 0.6 times the likeliest', { minP: 0.6 }, { 0: 0.571429, 2: 0.428571 }],
    ['only the likeliest', { minP: 1 }, { 0: 1 }],
    // Top-p counts what top-k left: 4/7 is below 0.6.
    ['top-k before top-p', { topK: 2, topP: 0.6 }, { 0: 0.571429, 2: 0.428571 }],
    ['top-k before top-p, just filled', { topK: 2, topP: 0.55 }, { 0: 1 }],
    ['min-p after top-p', { topP: 0.8, minP: 0.6 }, { 0: 0.571429, 2: 0.428571 }],
    // 0.16 / 0.30 against 0.09 / 0.30: the nucleus of 0.5 is the likeliest alone, at this temperature.
    ['temperature before top-p', { temperature: 0.5, topP: 0.5 }, { 0: 1 }],
  ])('%s', (_, given, expected) => {
    expect(left(given)).toEqual(expected);
  });

  it('follows the rules of the search', () => {
    const banned = new Map<number, Adjustment>([[0, { value: -Infinity, rule: 'n-gram' }]]);
    expect(left({ topK: 2 }, banned)).toEqual({ 2: 0.6, 3: 0.4 });
    expect(left({}, banned)).toEqual({ 0: 0, 1: 0.166667, 2: 0.5, 3: 0.333333 });
  });

  it('finds a nucleus of thousands of tokens', () => {
    const flat = new Float32Array(5000);
    const options = decodingOptions({ strategy: 'sample', topP: 0.8005 }, { contextLength: CONTEXT });
    const { tokens, probabilities } = distribution(new Row(scoresOf(flat, 5000), 0), new Map(), options);
    expect(tokens.length).toBe(4003);
    expect(probabilities[0]).toBeCloseTo(1 / 4003, 9);
  });
});

describe('draw', () => {
  const from = { tokens: [7, 3, 5, 9], probabilities: Float64Array.of(0.5, 0, 0.25, 0.25) };

  it.each([
    [0, 7],
    [0.499, 7],
    [0.5, 5],
    [0.7499, 5],
    [0.75, 9],
    [1 - 2 ** -53, 9],
  ])('at %d is %i', (fraction, token) => {
    expect(draw(from, fraction)).toBe(token);
  });

  it('never draws what has no probability, whatever rounding leaves over', () => {
    const short = { tokens: [1, 2, 3], probabilities: Float64Array.of(0.3, 0.3, 0) };
    expect(draw(short, 0.99)).toBe(2);
  });
});

describe('random numbers', () => {
  // Computed with sfc32's published definition in another language.
  it.each([
    [0, 0, [0.9817317219131122, 0.5801159137713449, 0.48707062736056117]],
    [0, 1, [0.24379867637603347, 0.8995887411208731, 0.756832567132951]],
    [42, 0, [0.7010580966032915, 0.3602520223017406, 0.315607748023663]],
    [2 ** 40 + 7, 3, [0.5738606111944726, 0.970184541271686, 0.7083868250389113]],
  ])('of seed %i, stream %i are those of sfc32', (seed, stream, expected) => {
    let state = seedRandom(seed, stream);
    const drawn = expected.map(() => {
      const next = nextRandom(state);
      state = next.state;
      return next.value;
    });
    expect(drawn).toEqual(expected);
  });
});

describe('samples', () => {
  const model = { seed: 5, window: 100, eot_bias: 2 };
  const ids = async (given: Partial<DecodingOptions>) =>
    (await captions(model, { strategy: 'sample', ...given })).map((caption) => caption.ids);

  it('are the same for the same seed and others for another', async () => {
    expect(await ids({ seed: 1, num: 4 })).toEqual(await ids({ seed: 1, num: 4 }));
    expect(await ids({ seed: 1, num: 4 })).not.toEqual(await ids({ seed: 2, num: 4 }));
  });

  it('do not depend on how many are drawn', async () => {
    const [alone] = await ids({ seed: 3 });
    expect(await ids({ seed: 3, num: 5 })).toContainEqual(alone);
  });

  it('come best first', async () => {
    const scores = (await captions(model, { strategy: 'sample', num: 9, seed: 8 })).map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  });

  it('with top-k 1 are greedy', async () => {
    const rules = { repetitionPenalty: 1.4, noRepeatNgram: 2 };
    const greedy = await captions(model, { strategy: 'greedy', ...rules });
    expect(await captions(model, { strategy: 'sample', topK: 1, ...rules })).toEqual(greedy);
  });

  it('come as often as their probability says', async () => {
    const given = { strategy: 'sample', num: 4000, maxLength: 2, minLength: 0, temperature: 0.8, topP: 0.9 } as const;
    const options = decodingOptions(given, { contextLength: CONTEXT });
    const logits = hashLogits([SPECIAL.sot], model);
    const { tokens, probabilities } = distribution(new Row(scoresOf(logits, VOCAB), 0), new Map(), options);
    const counts = new Map<number, number>();
    for (const caption of await captions(model, given)) {
      counts.set(caption.ids[1]!, (counts.get(caption.ids[1]!) ?? 0) + 1);
    }
    expect([...counts.values()].reduce((a, b) => a + b)).toBe(4000);
    let chiSquared = 0;
    for (let place = 0; place < tokens.length; place++) {
      const expected = 4000 * probabilities[place]!;
      chiSquared += ((counts.get(tokens[place]!) ?? 0) - expected) ** 2 / expected;
      counts.delete(tokens[place]!);
    }
    expect(counts.size).toBe(0);
    // Its mean is the degrees of freedom, its standard deviation sqrt(2 x them); the seed makes it one number for good.
    const freedom = tokens.length - 1;
    expect(chiSquared).toBeLessThan(freedom + 3 * Math.sqrt(2 * freedom));
  });
});
