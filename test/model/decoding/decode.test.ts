import { describe, expect, it } from 'vitest';
import {
  decode,
  isDone,
  ROOT,
  results,
  retainedNodes,
  type SearchState,
  type TokenRow,
} from '../../../src/model/decoding/index.js';
import { hashLogits, hashModel, PathModel, SPECIAL, start } from './hash-model.js';

const PARAMETERS = [0, 0.5, 2, 3].map((eot_bias, seed) => ({ seed, window: 100, eot_bias }));

/** A model that forgets whatever it may. */
class ForgetfulModel extends PathModel {
  #known: Set<number>[] = this.logits.map(() => new Set<number>());

  override async extend(rows: readonly (readonly TokenRow[])[], candidates?: number) {
    for (const [picture, own] of rows.entries()) {
      const known = this.#known[picture]!;
      for (const { node, parent } of own) {
        if (parent !== ROOT && !known.has(parent)) throw new Error(`node ${node} follows ${parent}, which was let go`);
        known.add(node);
      }
    }
    return super.extend(rows, candidates);
  }

  retain(live: readonly (readonly number[])[]): void {
    for (const [picture, nodes] of live.entries()) {
      expect(nodes.every((node) => this.#known[picture]!.has(node))).toBe(true);
      expect(nodes).toEqual([...nodes].sort((a, b) => a - b));
    }
    this.#known = live.map((nodes) => new Set(nodes));
  }
}

describe('decode', () => {
  it.each([{ strategy: 'beam' }, { groups: 3 }, { strategy: 'greedy' }, { strategy: 'sample', num: 3 }] as const)(
    'finds for each picture of a batch what it finds alone: %j',
    async (given) => {
      const prompts = [[SPECIAL.sot], [SPECIAL.sot, 3], [SPECIAL.sot, 9, 4], [SPECIAL.sot]];
      const together = await decode(
        hashModel(...PARAMETERS),
        prompts.map((prompt) => start(given, prompt)),
      );
      for (const [picture, own] of PARAMETERS.entries()) {
        const [alone] = await decode(hashModel(own), [start(given, prompts[picture])]);
        expect(together[picture]).toEqual(alone);
      }
    },
  );

  it('asks nothing for searches that ended, and calls the model once a step', async () => {
    const asked: number[][] = [];
    const model = hashModel(...PARAMETERS);
    const extend = model.extend.bind(model);
    model.extend = (rows, candidates) => {
      asked.push(rows.map(({ length }) => length));
      return extend(rows, candidates);
    };
    const states = await decode(model, [
      start({ maxLength: 4 }, [SPECIAL.sot, 1]),
      ...PARAMETERS.slice(1).map(() => start({ beams: 2, maxLength: 6, minLength: 6 })),
    ]);
    expect(states.every(isDone)).toBe(true);
    expect(asked).toEqual([
      [2, 1, 1, 1],
      [6, 2, 2, 2],
      [0, 2, 2, 2],
      [0, 2, 2, 2],
      [0, 2, 2, 2],
    ]);
  });

  it('tells which nodes a model may forget', async () => {
    for (const given of [{}, { groups: 2 }, { strategy: 'sample', num: 4 }] as const) {
      const model = new ForgetfulModel(PARAMETERS.map((own) => (ids) => hashLogits(ids, own)));
      const begin = () => PARAMETERS.map(() => start(given, [SPECIAL.sot, 5]));
      const forgetful = await decode(model, begin());
      expect(forgetful).toEqual(await decode(hashModel(...PARAMETERS), begin()));
      expect(forgetful.map(retainedNodes)).toEqual([[], [], [], []]);
    }
  });

  it('tells of every step', async () => {
    const steps: { step: number; maxSteps: number; states: readonly SearchState[] }[] = [];
    const [end] = await decode(hashModel(PARAMETERS[0]!), [start({ maxLength: 8 }, [SPECIAL.sot, 4])], {
      onStep: (progress) => steps.push(progress),
    });
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(steps.map(({ maxSteps }) => maxSteps)).toEqual([6, 6, 6, 6, 6, 6]);
    expect(steps.map(({ states }) => states[0]!.step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(steps.at(-1)!.states[0]).toBe(end);
  });

  it('stops when it is told to, also by a timer while the model never waits', async () => {
    const model = hashModel(PARAMETERS[0]!);
    const controller = new AbortController();
    const stopped = { code: 'interrupted' };
    const running = decode(model, [start({})], {
      signal: controller.signal,
      onStep: ({ step }) => {
        if (step === 2) setImmediate(() => controller.abort());
      },
    });
    await expect(running).rejects.toMatchObject(stopped);
    expect(model.calls).toBeLessThan(6);
    const before = hashModel(PARAMETERS[0]!);
    await expect(decode(before, [start({})], { signal: AbortSignal.abort() })).rejects.toMatchObject(stopped);
    expect(before.calls).toBe(0);
  });

  it('refuses searches that do not fit the model', async () => {
    const model = hashModel(...PARAMETERS);
    await expect(decode(model, [start({})])).rejects.toMatchObject({ code: 'engine' });
    const other = new PathModel([(ids) => hashLogits(ids, PARAMETERS[0]!)], 7);
    await expect(decode(other, [start({})])).rejects.toMatchObject({ code: 'engine' });
  });

  it('says when logits are no numbers', async () => {
    const broken = new PathModel([() => new Float32Array(48).fill(Number.NaN)]);
    await expect(decode(broken, [start({})])).rejects.toMatchObject({ code: 'engine', message: /not finite/ });
  });

  it('says when the rules leave no token', async () => {
    const four = (given: object) => [start({ maxLength: 12, minLength: 11, noRepeatNgram: 1, ...given })];
    const model = () => new PathModel([() => Float32Array.from({ length: 48 }, (_, i) => (i < 3 ? 0 : -Infinity))]);
    for (const given of [{}, { groups: 2 }, { strategy: 'greedy' }, { strategy: 'sample' }]) {
      await expect(decode(model(), four(given)), JSON.stringify(given)).rejects.toMatchObject({ code: 'usage' });
    }
  });

  it('of no pictures is nothing', async () => {
    expect(await decode(hashModel(), [])).toEqual([]);
  });

  it('gives the captions asked for', async () => {
    const [end] = await decode(hashModel(PARAMETERS[2]!), [start({ num: 6 })]);
    expect(results(end!)).toHaveLength(6);
  });
});
