import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type DecodingOptions, decode, decodingOptions } from '../../../src/model/decoding/index.js';
import { adjustments } from '../../../src/model/decoding/processors.js';
import { distribution } from '../../../src/model/decoding/sampling.js';
import { Row, scoresOf } from '../../../src/model/decoding/scores.js';
import { CONTEXT, captions, type HashParameters, hashLogits, hashModel, SPECIAL, start, VOCAB } from './hash-model.js';
import { fromGenerate, type GenerateOptions } from './openclip-generate.js';

interface Case {
  readonly model: HashParameters;
  readonly prompt: readonly number[];
  readonly options: GenerateOptions;
  readonly ids: readonly number[];
  /** What the third generated id (or the last before it) of a sample was drawn from: the one after `length` ids. */
  readonly drawn_from?: readonly {
    readonly length: number;
    readonly probabilities: Readonly<Record<string, number>>;
  }[];
}

const { cases }: { cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL('../../../fixtures/decoding/openclip.json', import.meta.url), 'utf8'),
);
const titled = (kept: (one: Case) => boolean) =>
  cases.flatMap((one, index) => (kept(one) ? [[`case ${index}: ${JSON.stringify(one.options)}`, one] as const] : []));
/** A sample that has room for no more than the end token draws nothing. */
const isSampled = ({ drawn_from = [] }: Case) => drawn_from.length > 0;

describe("ids of OpenCLIP's generate", () => {
  it.each(titled((one) => !isSampled(one)))('%s', async (_, { model, prompt, options, ids }) => {
    const [found] = await captions(model, fromGenerate(options), prompt);
    expect(found!.ids).toEqual(ids);
  });

  it('holds every kind of end: the end token, padding, and the greatest length', () => {
    const ends = new Set(cases.map(({ ids }) => ids.at(-1)!));
    expect([SPECIAL.eot, SPECIAL.pad].every((id) => ends.has(id))).toBe(true);
    expect(ends.size).toBeGreaterThan(2);
  });
});

describe("what OpenCLIP's generate draws from", () => {
  it.each(titled(isSampled))('%s', (_, { model, options, ids, drawn_from }) => {
    const { length, probabilities } = drawn_from![0]!;
    const ours: DecodingOptions = decodingOptions(fromGenerate(options), { contextLength: CONTEXT });
    const before = ids.slice(0, length);
    const logits = hashLogits(before, model);
    const changed = adjustments(before, (token) => logits[token]!, ours, SPECIAL.eot);
    const left = distribution(new Row(scoresOf(logits, VOCAB), 0), changed, ours);
    const found = new Map(Array.from(left.tokens, (token, place) => [token, left.probabilities[place]!] as const));
    for (let token = 0; token < VOCAB; token++) {
      expect(found.get(token) ?? 0, `token ${token}`).toBeCloseTo(probabilities[token] ?? 0, 6);
    }
  });

  it('and a sample ends with the end token or with padding, at the greatest length too', async () => {
    const model = { seed: 5, window: 100, eot_bias: 0, pad_bias: 2 };
    const found = await captions(model, { scoring: 'openclip', strategy: 'sample', num: 40, maxLength: 9 });
    const ends = found.map(({ ids }) => ids.at(-1)!);
    expect(new Set(ends)).toEqual(new Set([SPECIAL.eot, SPECIAL.pad]));
    for (const { ids } of found) expect(ids.slice(1, -1).some((id) => ends.includes(id))).toBe(false);
  });
});

describe('a search by the rules of OpenCLIP', () => {
  it('scores a beam by its logits over all its ids', async () => {
    const model = { seed: 11, window: 100, eot_bias: 2, offset: -8 };
    const [best] = await captions(model, { scoring: 'openclip' });
    const sum = best!.ids.slice(1).reduce((sum, id, i) => sum + hashLogits(best!.ids.slice(0, i + 1), model)[id]!, 0);
    expect(best!.score).toBe(sum / best!.ids.length);
  });

  it('says why the last of a greedy caption was not what is likeliest', async () => {
    const model = { seed: 3, window: 100, eot_bias: -9, pad_bias: -9 };
    const [state] = await decode(hashModel(model), [
      start({ scoring: 'openclip', strategy: 'greedy', maxLength: 6, trace: 3 }),
    ]);
    const last = state!.considered.at(-1)!;
    expect(last.map(({ fate }) => fate)).toEqual(['finished', 'max-length', 'max-length', 'max-length']);
    expect(last[0]!.token).toBe(SPECIAL.eot);
  });

  it.each([
    [{}, [SPECIAL.sot, 3], /no prompt for a beam search/],
    [{ strategy: 'greedy' }, [SPECIAL.sot, 3, SPECIAL.pad], /ends with the padding id 0/],
  ] as const)('refuses a prompt that generate would leave out or end at: %j', (options, prompt, message) => {
    expect(() => start({ scoring: 'openclip', ...options }, prompt)).toThrow(message);
  });

  it('keeps what a group finds alone where nothing makes groups differ', async () => {
    for (const scoring of ['transformers', 'openclip'] as const) {
      const model = { seed: 8, window: 100, eot_bias: 1, offset: -6 };
      const groups = await captions(model, { scoring, beams: 6, groups: 3, diversity: 0, num: 3 });
      const [alone] = await captions(model, { scoring, beams: 2 });
      if (scoring === 'openclip') expect(groups[0]!.ids).toEqual(alone!.ids);
      expect(new Set(groups.map(({ ids }) => ids.join())).size).toBe(1);
    }
  });
});
