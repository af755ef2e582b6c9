import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advance,
  type DecodingOptions,
  decode,
  decodingOptions,
  isDone,
  numberedFrom,
  pendingRows,
  ROOT,
  results,
  type SearchState,
  searchTree,
  startSearch,
} from '../../../src/model/decoding/index.js';
import {
  captions,
  type HashParameters,
  hashLogits,
  hashModel,
  PathModel,
  SPECIAL,
  scoresFor,
  start,
} from './hash-model.js';

const models = fc.record({
  seed: fc.nat(2 ** 31 - 1),
  window: fc.constantFrom(2, 100),
  eot_bias: fc.constantFrom(0, 1, 3),
});
const rules = {
  maxLength: fc.integer({ min: 4, max: 16 }),
  minLength: fc.nat(4),
  lengthPenalty: fc.constantFrom(0, 0.5, 1, 2),
  repetitionPenalty: fc.constantFrom(1, 1.3),
  noRepeatNgram: fc.constantFrom(0, 2),
  logprobs: fc.nat(3),
  trace: fc.constantFrom(0, 5),
};
const beams = fc.record({ ...rules, beams: fc.integer({ min: 2, max: 6 }), earlyStopping: fc.boolean() });
const groups = fc
  .record({ ...rules, groups: fc.integer({ min: 2, max: 3 }), size: fc.integer({ min: 1, max: 2 }) })
  .map(({ size, ...own }) => ({ ...own, beams: own.groups * size }));
const samples = fc.record({
  ...rules,
  strategy: fc.constant('sample' as const),
  num: fc.integer({ min: 1, max: 3 }),
  topP: fc.constantFrom(0.7, 1),
  seed: fc.nat(99),
});
const greedy = fc.record({ ...rules, strategy: fc.constant('greedy' as const) });
const searches: fc.Arbitrary<Partial<DecodingOptions>> = fc.oneof(beams, groups, samples, greedy);

const NONE = { logSumExp: new Float64Array(0), logits: new Float32Array(0) };

/** Every state of a search, from its start to its end. */
async function walk(parameters: HashParameters, from: SearchState): Promise<SearchState[]> {
  const states = [from];
  while (!isDone(states.at(-1)!)) states.push(advance(states.at(-1)!, await scoresFor(states.at(-1)!, parameters)));
  return states;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}

describe('a search is a value', () => {
  it('advance changes nothing it is given, and gives the same again', async () => {
    await fc.assert(
      fc.asyncProperty(models, searches, async (parameters, given) => {
        for (const state of await walk(parameters, start(given))) {
          if (isDone(state)) continue;
          const scores = await scoresFor(state, parameters);
          const copy = structuredClone(scores);
          const next = advance(deepFreeze(structuredClone(state)), scores);
          expect(scores).toEqual(copy);
          expect(advance(state, scores)).toEqual(next);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('going back to any state, through JSON too, and on again ends the same', async () => {
    await fc.assert(
      fc.asyncProperty(models, searches, fc.nat(), async (parameters, given, pick) => {
        const states = await walk(parameters, start(given));
        const back = states[pick % states.length]!;
        const replayed = await walk(parameters, JSON.parse(JSON.stringify(back)));
        expect(replayed.at(-1)).toEqual(states.at(-1));
      }),
      { numRuns: 60 },
    );
  });

  it('a step at a time is what decode does', async () => {
    await fc.assert(
      fc.asyncProperty(models, searches, async (parameters, given) => {
        const [end] = await decode(hashModel(parameters), [start(given)]);
        expect((await walk(parameters, start(given))).at(-1)).toEqual(end);
      }),
      { numRuns: 30 },
    );
  });

  it('that is done stays as it is', async () => {
    const end = (await walk({ seed: 1, window: 9, eot_bias: 1 }, start({}))).at(-1)!;
    expect(advance(end, NONE)).toBe(end);
    expect(pendingRows(end)).toEqual([]);
  });
});

describe('captions', () => {
  it('add up, and keep to the lengths', async () => {
    await fc.assert(
      fc.asyncProperty(models, searches, async (parameters, given) => {
        const plain = { ...given, repetitionPenalty: 1 };
        const prompt = [SPECIAL.sot, 7];
        const found = await captions(parameters, plain, prompt);
        const options = start(plain).options;
        expect(found).toHaveLength(options.num);
        for (const { ids, tokens, score } of found) {
          expect(ids).toEqual([...prompt, ...tokens.map(({ id }) => id)]);
          expect(ids.length).toBeLessThanOrEqual(options.maxLength);
          const end = ids.indexOf(SPECIAL.eot);
          expect(end).toBe(ids.length < options.maxLength || ids.at(-1) === SPECIAL.eot ? ids.length - 1 : -1);
          if (end >= 0) expect(end).toBeGreaterThanOrEqual(options.minLength);
          for (const [place, { id, logprob, top }] of tokens.entries()) {
            const row = hashLogits(ids.slice(0, prompt.length + place), parameters);
            const total = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
            expect(logprob).toBeCloseTo(row[id]! - total, 5);
            const sorted = [...row.keys()].sort((a, b) => row[b]! - row[a]! || a - b).slice(0, options.logprobs);
            expect(top?.map((other) => other.id)).toEqual(options.logprobs > 0 ? sorted : undefined);
            for (const other of top ?? []) expect(other.logprob).toBeCloseTo(row[other.id]! - total, 5);
          }
          if (options.groups > 1) continue;
          const sum = tokens.reduce((total, { logprob }) => total + logprob, 0);
          expect(score).toBeCloseTo(sum / tokens.length ** options.lengthPenalty, 4);
        }
      }),
      { numRuns: 80 },
    );
  });

  it('of one beam are those of greedy search', async () => {
    const given = { repetitionPenalty: 1.2, noRepeatNgram: 2, lengthPenalty: 0.7 };
    await fc.assert(
      fc.asyncProperty(models, async (parameters) => {
        const one = await captions(parameters, { ...given, beams: 1 });
        expect(one).toEqual(await captions(parameters, { ...given, strategy: 'greedy' }));
      }),
      { numRuns: 20 },
    );
  });

  it('of a beam as wide as the tree are all there are, best first', async () => {
    const special = { sot: 3, eot: 4, pad: 0 };
    const logits = (ids: readonly number[]) => hashLogits(ids, { seed: 77, window: 100, eot_bias: 0 }).slice(0, 5);
    const logprobs = (ids: readonly number[]) => {
      const row = [...logits(ids)];
      const total = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
      return row.map((value) => value - total);
    };
    for (const lengthPenalty of [0, 1, 2]) {
      const all: { ids: number[]; score: number }[] = [];
      const explore = (ids: number[], sum: number) => {
        if (ids.length === 4 || ids.at(-1) === special.eot) {
          all.push({ ids, score: sum / (ids.length - 1) ** lengthPenalty });
          return;
        }
        for (const [token, logprob] of logprobs(ids).entries()) explore([...ids, token], sum + logprob);
      };
      explore([special.sot], 0);
      // 1 + 4 + 16 end in time, 4 ** 3 are cut.
      expect(all).toHaveLength(85);
      all.sort((a, b) => b.score - a.score);
      const given = { beams: 85, num: 85, maxLength: 4, minLength: 0, lengthPenalty };
      const options = decodingOptions(given, { contextLength: 4 });
      const [end] = await decode(new PathModel([logits], 5), [startSearch(options, special, [special.sot], 5)]);
      const found = results(end!);
      expect(found.map(({ ids }) => ids)).toEqual(all.map(({ ids }) => ids));
      for (const [rank, { score }] of found.entries()) expect(score).toBeCloseTo(all[rank]!.score, 5);
    }
  });

  it('of groups differ from each other', async () => {
    const found = await captions({ seed: 4, window: 100, eot_bias: 1 }, { beams: 6, groups: 6, diversity: 9, num: 6 });
    expect(new Set(found.map(({ ids }) => ids[1])).size).toBe(6);
  });

  it('of a search that still runs are those of its hypotheses so far', async () => {
    const states = await walk({ seed: 9, window: 100, eot_bias: 0 }, start({ num: 2, minLength: 12 }));
    expect(results(states[0]!)[0]).toEqual({ ids: [SPECIAL.sot], tokens: [], score: 0 });
    expect(results(states[3]!).map(({ ids }) => ids)).toEqual(
      states[3]!.groups[0]!.beams.slice(0, 2).map(({ ids }) => ids),
    );
  });
});

describe('the tree', () => {
  it('numbers what is evaluated from 0, the rest from -2 down, and knows what has become of each', async () => {
    await fc.assert(
      fc.asyncProperty(models, searches, async (parameters, given) => {
        const evaluated: number[] = [];
        for (const state of await walk(parameters, start(given, [SPECIAL.sot, 2]))) {
          evaluated.push(...pendingRows(state).map(({ node }) => node));
          const tree = searchTree(state);
          const ids = tree.map(({ id }) => id);
          expect(new Set(ids).size).toBe(ids.length);
          expect(evaluated).toEqual(evaluated.map((_, index) => index));
          expect(ids.filter((id) => id >= 0)).toEqual(evaluated);
          const leaves = ids.filter((id) => id < 0);
          expect(leaves).toEqual(leaves.map((_, index) => ROOT - 1 - index));
          for (const [place, node] of tree.entries()) {
            const before = tree.find(({ id }) => id === node.parent);
            if (place === 0) expect(node.parent).toBe(ROOT);
            else if (node.step > 0) expect(before!.step).toBe(node.step - 1);
            if (node.state === 'finished') expect(node.id).toBeLessThan(ROOT);
            if (node.state !== 'pruned' && before) expect(before.state).toBe('live');
            if (node.state === 'live' && isDone(state)) {
              expect(tree.some(({ parent, state: fate }) => parent === node.id && fate !== 'pruned')).toBe(true);
            }
          }
          const kept = state.groups.reduce((sum, { finished }) => sum + finished.length, 0);
          expect(tree.filter(({ state: fate }) => fate === 'finished')).toHaveLength(kept);
          const running = state.groups.flatMap((group) => group.beams.map(({ path }) => path.at(-1)!));
          expect(pendingRows(state).map(({ node }) => node)).toEqual(state.step === 0 ? [0, 1] : running);
          for (const node of tree.filter(({ id }) => state.step > 0 && running.includes(id))) {
            expect(node.sum).toBe(
              state.groups.flatMap((group) => group.beams).find(({ path }) => path.at(-1) === node.id)!.sum,
            );
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('takes another branch after an undo under new numbers', async () => {
    const parameters = { seed: 3, window: 100, eot_bias: 0 };
    const model = hashModel(parameters);
    const first = start({ beams: 2, maxLength: 9 });
    const [onto] = await model.extend([pendingRows(first)]);
    const second = advance(first, onto!);
    const [after] = await model.extend([pendingRows(second)]);
    const third = advance(second, after!);
    await model.extend([pendingRows(third)]);
    // Back to the second state, whose logits are known, and on with only one of its beams.
    const evaluated = third.nextNode;
    const group = second.groups[0]!;
    const pruned = numberedFrom({ ...second, groups: [{ ...group, beams: [group.beams[1]!] }] }, evaluated);
    const branch = advance(pruned, after!);
    expect(pendingRows(branch).map(({ node, parent }) => [node, parent])).toEqual([
      [evaluated, 2],
      [evaluated + 1, 2],
    ]);
    await expect(model.extend([pendingRows(branch)])).resolves.toHaveLength(1);
  });
});

describe('startSearch', () => {
  it('has the prompt evaluated in one chain', () => {
    expect(pendingRows(start({}, [SPECIAL.sot, 5, 6]))).toEqual([
      { node: 0, parent: ROOT, token: SPECIAL.sot },
      { node: 1, parent: 0, token: 5 },
      { node: 2, parent: 1, token: 6 },
    ]);
  });

  it.each([
    [[], 'bad-text'],
    [[5], 'bad-text'],
    [[SPECIAL.sot, SPECIAL.eot], 'bad-text'],
    [[SPECIAL.sot, 48], 'bad-text'],
    [[SPECIAL.sot, 1.5], 'bad-text'],
    [[SPECIAL.sot, 1, 2, 3], 'usage'],
  ])('refuses the prompt %j', (prompt, code) => {
    expect(() => start({ maxLength: 4 }, prompt)).toThrow(expect.objectContaining({ code }));
  });

  it('is followed only by scores of what was asked for', () => {
    const one = new Float64Array(1);
    const wrong = [
      NONE,
      { logSumExp: one, logits: new Float32Array(47) },
      { logSumExp: new Float64Array(2), logits: new Float32Array(48) },
      { logSumExp: one, logits: new Float32Array(47), tokens: new Int32Array(12) },
    ];
    for (const scores of wrong) {
      expect(() => advance(start({}), scores)).toThrow(expect.objectContaining({ code: 'engine' }));
    }
  });
});
