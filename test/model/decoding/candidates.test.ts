import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advance,
  candidatesNeeded,
  type DecodingOptions,
  decode,
  isDone,
  type SearchState,
  scoresOf,
} from '../../../src/model/decoding/index.js';
import { Row } from '../../../src/model/decoding/scores.js';
import { PathModel, SPECIAL, start, VOCAB } from './hash-model.js';

/** Logits on a coarse grid, so that many are equal, some of them -Infinity. */
const coarse = fc.record({
  seed: fc.nat(2 ** 31 - 1),
  levels: fc.constantFrom(2, 5, 40, 100_000),
  scale: fc.constantFrom(0.125, 1, 7),
  impossible: fc.constantFrom(0, 0.3, 0.95),
  ending: fc.constantFrom(0, 3),
});
type Coarse = typeof coarse extends fc.Arbitrary<infer T> ? T : never;

function coarseLogits(ids: readonly number[], { seed, levels, scale, impossible, ending }: Coarse): Float32Array {
  let state = 2166136261 ^ seed;
  for (const id of ids.slice(-3)) state = Math.imul(state ^ id, 16777619);
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    const mixed = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d);
    return ((mixed ^ (mixed >>> 12)) >>> 0) / 2 ** 32;
  };
  const logits = Float32Array.from({ length: VOCAB }, (_, token) => {
    const value = Math.floor(random() * levels) * (scale / Math.sqrt(levels)) + (token === SPECIAL.eot ? ending : 0);
    return random() < impossible ? -Infinity : value;
  });
  // Something must follow, whatever is banned.
  for (const token of [3, 11, 12, SPECIAL.eot]) if (logits[token] === -Infinity) logits[token] = -1;
  return logits;
}

const rules = {
  maxLength: fc.integer({ min: 3, max: 14 }),
  minLength: fc.nat(3),
  lengthPenalty: fc.constantFrom(0, 1, 2),
  noRepeatNgram: fc.constantFrom(0, 1, 2, 3),
  repetitionPenalty: fc.constantFrom(1, 1, 1, 1.3, 0.7),
  logprobs: fc.constantFrom(0, 3, 60),
  trace: fc.constantFrom(0, 5),
};
const plain = { maxLength: rules.maxLength, minLength: fc.nat(2), logprobs: rules.logprobs, trace: rules.trace };
const openclip = { ...plain, scoring: fc.constant('openclip' as const) };
const drawing = {
  strategy: fc.constant('sample' as const),
  num: fc.integer({ min: 1, max: 3 }),
  seed: fc.nat(99),
  temperature: fc.constantFrom(0.3, 1, 2),
};
const earlyStopping = fc.constantFrom(true, false, 'never' as const);
const topK = fc.constantFrom(0, 1, 2, 7, 47, 99);
const topP = fc.constantFrom(0.2, 0.7, 1);
const sized = <T extends object>(fields: { [Key in keyof T]: fc.Arbitrary<T[Key]> }) =>
  fc
    .record({ ...fields, groups: fc.integer({ min: 2, max: 3 }), size: fc.integer({ min: 1, max: 3 }) })
    .map(({ size, ...own }) => ({ ...own, beams: own.groups * size }));
const searches = fc.oneof(
  fc.record({ ...rules, beams: fc.integer({ min: 2, max: 8 }), earlyStopping }),
  sized({ ...rules, earlyStopping, diversity: fc.constantFrom(0, 0, 0.5) }),
  fc.record({ ...rules, strategy: fc.constant('greedy' as const) }),
  fc.record({ ...rules, ...drawing, topK, topP, minP: fc.constantFrom(0, 0.1, 0.6) }),
  fc.record({ ...openclip, beams: fc.integer({ min: 2, max: 6 }) }),
  sized(openclip),
  fc.record({ ...openclip, strategy: fc.constant('greedy' as const) }),
  fc.record({ ...openclip, ...drawing, topK }),
  fc.record({ ...openclip, ...drawing, topP }),
) as fc.Arbitrary<Partial<DecodingOptions>>;

/** minLength may be more than maxLength takes. */
const begin = ({ minLength = 0, ...given }: Partial<DecodingOptions>): SearchState =>
  start({ ...given, minLength: Math.min(minLength, given.maxLength! - 1) });

/** A model that says everything, whatever it is asked for. */
class TalkativeModel extends PathModel {
  override extend(rows: Parameters<PathModel['extend']>[0]) {
    return super.extend(rows);
  }
}

describe('with the candidates that it needs', () => {
  it('a search finds what it finds with all logits: every state, every figure, ties included', async () => {
    const reduced = { steps: 0, kinds: new Set<string>() };
    await fc.assert(
      fc.asyncProperty(coarse, searches, async (parameters, given) => {
        const logits = (ids: readonly number[]) => coarseLogits(ids, parameters);
        const seen = async (model: PathModel) => {
          const states: SearchState[] = [];
          const onStep = (progress: { readonly states: readonly SearchState[] }) => states.push(progress.states[0]!);
          const error = await decode(model, [begin(given)], { onStep }).then(
            () => undefined,
            (reason) => String(reason),
          );
          return { states, error };
        };
        const whole = await seen(new TalkativeModel([logits]));
        expect(await seen(new PathModel([logits]))).toEqual(whole);
        for (const state of whole.states) {
          if (isDone(state) || candidatesNeeded([state]) === undefined) continue;
          reduced.steps++;
          reduced.kinds.add(`${state.options.scoring} ${state.options.strategy}`);
        }
      }),
      { numRuns: 600 },
    );
    expect(reduced.steps).toBeGreaterThan(1000);
    expect(reduced.kinds.size).toBe(6);
  });

  it.each([
    [{ strategy: 'greedy' }, 1],
    [{ strategy: 'greedy', minLength: 3 }, 2],
    [{ strategy: 'greedy', logprobs: 5 }, 5],
    [{ beams: 6 }, 12],
    [{ beams: 6, minLength: 5 }, 13],
    [{ beams: 6, groups: 3, diversity: 0 }, 4],
    [{ beams: 2, trace: 9 }, 9],
    [{ beams: 40 }, VOCAB],
    [{ strategy: 'sample', topK: 7, topP: 0.5 }, 7],
    [{ scoring: 'openclip', beams: 6 }, 12],
    // What ranks low can win by these.
    [{ beams: 6, repetitionPenalty: 1.2 }, undefined],
    [{ beams: 6, groups: 3 }, undefined],
    [{ strategy: 'sample' }, undefined],
    [{ strategy: 'sample', topP: 0.9 }, undefined],
    [{ scoring: 'openclip', strategy: 'greedy', maxLength: 2 }, undefined],
  ] as [Partial<DecodingOptions>, number | undefined][])('%j needs %s', (given, needed) => {
    expect(candidatesNeeded([start({ minLength: 0, ...given })])).toBe(needed);
  });

  it('each ban takes one more, and of several searches the neediest counts', () => {
    const prompt = [SPECIAL.sot, 1, 2, 1, 3, 1];
    const greedy = { strategy: 'greedy', minLength: 0 } as const;
    expect(candidatesNeeded([start({ ...greedy, noRepeatNgram: 2 }, prompt)])).toBe(3);
    expect(candidatesNeeded([start(greedy), start({ beams: 3, minLength: 0 })])).toBe(6);
    expect(candidatesNeeded([start(greedy), start({ strategy: 'sample' })])).toBeUndefined();
  });

  it('a token that was not asked about is an error, not a guess', () => {
    const all = scoresOf(
      Float32Array.from({ length: VOCAB }, (_, token) => -token),
      VOCAB,
    );
    const some = scoresOf(all.logits, VOCAB, 4);
    expect([...some.tokens!]).toEqual([0, 1, 2, 3]);
    expect(some.logSumExp).toEqual(all.logSumExp);
    expect(() => new Row(some, 0).logit(9)).toThrow(RangeError);
    expect(() => new Row(some, 0).all).toThrow(RangeError);
    const state = start({ beams: 2, minLength: 0 });
    expect(() => advance(state, some, { group: 0, beam: 0, token: 9 })).toThrow(RangeError);
    expect(advance(state, all, { group: 0, beam: 0, token: 9 }).pending.map(({ token }) => token)).toContain(9);
  });
});
