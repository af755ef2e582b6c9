import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CocaError } from '../../../../src/model/base/errors.js';
import {
  certainIds,
  type DecodingOptions,
  decode,
  results,
  type SearchState,
  SharedDecoding,
  type SharedTrees,
  type TokenRow,
} from '../../../../src/model/decoding/index.js';
import { type HashParameters, hashLogits, hashModel, PathModel, SPECIAL, start } from '../hash-model.js';

const AT_ONCE = 3;
/** The seed of a picture that breaks the model. */
const BROKEN = 666;

/** Trees over hash models, of which each can be begun anew. */
class HashTrees {
  readonly vocabSize;
  readonly batch;
  isReleased = false;
  readonly rows: number[] = [];
  readonly #models: PathModel[];
  readonly replace?: (place: number, image: HashParameters) => Promise<void>;

  constructor(first: readonly HashParameters[], canReplace: boolean) {
    this.#models = first.map((one) => hashModel(one));
    this.vocabSize = this.#models[0]!.vocabSize;
    this.batch = first.length;
    if (!canReplace) return;
    this.replace = async (place, image) => {
      if (image.seed === BROKEN) throw new CocaError('engine', 'it broke');
      this.#models[place] = new PathModel([(ids) => hashLogits(ids, image)]);
    };
  }

  async extend(rows: readonly (readonly TokenRow[])[]) {
    this.rows.push(rows.filter(({ length }) => length > 0).length);
    return Promise.all(rows.map(async (own, place) => (await this.#models[place]!.extend([own]))[0]!));
  }

  retain(): void {}

  release(): void {
    this.isReleased = true;
  }
}

/** Hash models, whose pictures are their own images; told what is encoded together. */
function sharedOver(
  open: (images: readonly HashParameters[]) => Promise<SharedTrees<HashParameters>>,
  most: number,
  onEncode: (pictures: readonly HashParameters[]) => void = () => undefined,
) {
  const encode = async (pictures: readonly HashParameters[]) => {
    onEncode(pictures);
    return pictures;
  };
  return new SharedDecoding<HashParameters, HashParameters>({ encode, open }, most, AT_ONCE);
}

const image = fc.record({ seed: fc.nat(1e6), window: fc.constantFrom(3, 100), eot_bias: fc.constantFrom(0, 1, 3) });
const how = fc.constantFrom<Partial<DecodingOptions>>(
  { strategy: 'greedy' },
  { beams: 3 },
  { groups: 3, maxLength: 9 },
  { strategy: 'sample', num: 2, seed: 4 },
);
const begun = (given: Partial<DecodingOptions>) => start({ maxLength: 14, ...given }, [SPECIAL.sot, 7]);

const alone = async (one: HashParameters, given: Partial<DecodingOptions>): Promise<SearchState> =>
  (await decode(hashModel(one), [begun(given)]))[0]!;

describe('searches that come and go', () => {
  it.each([true, false])(
    'each finds what it finds alone, whatever its neighbours; places given on: %s',
    async (canReplace) => {
      const asked = fc.record({ image, how, turns: fc.nat(6) });
      await fc.assert(
        fc.asyncProperty(
          fc.array(asked, { minLength: 1, maxLength: 12 }),
          fc.integer({ min: 1, max: 4 }),
          async (all, most) => {
            const opened: HashTrees[] = [];
            const encoded: number[] = [];
            const shared = sharedOver(
              async (images) => {
                opened.push(new HashTrees(images, canReplace));
                return opened.at(-1)!;
              },
              most,
              ({ length }) => encoded.push(length),
            );
            const ended = await Promise.all(
              all.map(async ({ image: one, how: given, turns }) => {
                for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
                return shared.run({ picture: one, begin: () => begun(given) });
              }),
            );
            for (const [i, { state }] of ended.entries()) {
              expect(results(state)).toEqual(results(await alone(all[i]!.image, all[i]!.how)));
            }
            expect(opened.every(({ batch, isReleased }) => batch <= most && isReleased)).toBe(true);
            expect(encoded.every((count) => count <= AT_ONCE)).toBe(true);
            expect(encoded.reduce((sum, count) => sum + count, 0)).toBe(all.length);
          },
        ),
        { numRuns: 60 },
      );
    },
  );

  it('those that are asked for at once stand beside each other', async () => {
    let trees: HashTrees | undefined;
    const shared = sharedOver(async (images) => {
      trees = new HashTrees(images, true);
      return trees;
    }, 8);
    const seeds = [1, 2, 3, 4, 5];
    await Promise.all(
      seeds.map((seed) =>
        shared.run({ picture: { seed, window: 3, eot_bias: 0 }, begin: () => begun({ strategy: 'greedy' }) }),
      ),
    );
    expect(trees!.rows[0]).toBe(5);
  });

  it('one that is not wanted any more, one that cannot begin, and a model that fails harm no other', async () => {
    const controller = new AbortController();
    let calls = 0;
    const shared = sharedOver(async (images) => {
      if (images[0]!.seed === BROKEN) throw new CocaError('engine', 'it broke');
      return new HashTrees(images, true);
    }, 4);
    const one = { seed: 5, window: 3, eot_bias: 0 };
    const begin = () => begun({ strategy: 'greedy' });
    const [left, wrong, right] = await Promise.allSettled([
      shared.run({ picture: one, begin, signal: controller.signal, onStep: () => ++calls === 2 && controller.abort() }),
      shared.run({
        picture: one,
        begin: () => {
          throw new CocaError('usage', 'no room');
        },
      }),
      shared.run({ picture: one, begin }),
    ]);
    expect(left).toMatchObject({ status: 'rejected', reason: { code: 'interrupted' } });
    expect(calls).toBe(2);
    expect(wrong).toMatchObject({ status: 'rejected', reason: { message: 'no room' } });
    expect(right.status).toBe('fulfilled');
    await expect(shared.run({ picture: { ...one, seed: BROKEN }, begin })).rejects.toMatchObject({ code: 'engine' });
    expect(results((await shared.run({ picture: one, begin })).state)).toEqual(
      results(await alone(one, { strategy: 'greedy' })),
    );
  });

  it('pictures that wait are encoded together, once a place is free', async () => {
    const encoded: (readonly number[])[] = [];
    const shared = sharedOver(
      async (images) => new HashTrees(images, true),
      1,
      (pictures) => encoded.push(pictures.map(({ seed }) => seed)),
    );
    const ask = (seed: number) => {
      return shared.run({
        picture: { seed, window: 3, eot_bias: 0 },
        begin: () => begun({ strategy: 'greedy' }),
        // Those that come while the first is searched for.
        onStep: () => seed === 1 && later.length === 0 && later.push(...[2, 3, 4, 5].map(ask)),
      });
    };
    const later: Promise<unknown>[] = [];
    await ask(1);
    await Promise.all(later);
    expect(encoded).toEqual([[1], [2, 3, 4], [5]]);
  });

  it('a picture that cannot be encoded, or is not wanted any more, harms no other', async () => {
    const encoded: number[] = [];
    const shared = sharedOver(
      async (images) => new HashTrees(images, true),
      1,
      (pictures) => {
        encoded.push(...pictures.map(({ seed }) => seed));
        if (pictures.some(({ seed }) => seed === BROKEN)) throw new CocaError('bad-checkpoint', 'not finite');
      },
    );
    const begin = () => begun({ strategy: 'greedy' });
    const picture = (seed: number) => ({ seed, window: 3, eot_bias: 0 });
    await expect(shared.run({ picture: picture(BROKEN), begin })).rejects.toMatchObject({ code: 'bad-checkpoint' });
    const gone = AbortSignal.abort();
    const [left, right] = await Promise.allSettled([
      shared.run({ picture: picture(2), begin, signal: gone }),
      shared.run({ picture: picture(3), begin }),
    ]);
    expect(left).toMatchObject({ status: 'rejected', reason: { code: 'interrupted' } });
    expect(right.status).toBe('fulfilled');
    expect(encoded).toEqual([BROKEN, 3]);
  });

  it('one that is asked for in whatever moment is found: right after another ended, failed, or was given up', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ kind: fc.constantFrom('found', 'gone', 'broken', 'wrong'), turns: fc.nat(9) }), {
          minLength: 1,
          maxLength: 6,
        }),
        async (before) => {
          const shared = sharedOver(
            async (images) => new HashTrees(images, true),
            2,
            (pictures) => {
              if (pictures.some(({ seed }) => seed === BROKEN)) throw new CocaError('engine', 'it broke');
            },
          );
          for (const { kind, turns } of before) {
            const asked = shared.run({
              picture: { seed: kind === 'broken' ? BROKEN : 7, window: 3, eot_bias: 3 },
              begin: () => {
                if (kind === 'wrong') throw new CocaError('usage', 'no room');
                return begun({ strategy: 'greedy' });
              },
              ...(kind === 'gone' && { signal: AbortSignal.abort() }),
            });
            await asked.catch(() => undefined);
            // Microtasks: the loop may be about to end.
            for (let turn = 0; turn < turns; turn++) await undefined;
          }
          const picture = { seed: 9, window: 3, eot_bias: 3 };
          const late = shared.run({ picture, begin: () => begun({ strategy: 'greedy' }) });
          expect(results((await late).state)).toEqual(results(await alone(picture, { strategy: 'greedy' })));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('ids that are certain are those that are found', async () => {
    await fc.assert(
      fc.asyncProperty(image, how, async (one, given) => {
        const shared = sharedOver(async (images) => new HashTrees(images, true), 1);
        const certain: (readonly number[])[] = [];
        const { state } = await shared.run({
          picture: one,
          begin: () => begun(given),
          onStep: (step) => certain.push(certainIds(step)),
        });
        const [best] = results(state);
        for (const ids of certain) expect(best!.ids.slice(0, ids.length)).toEqual(ids);
        if (given.strategy === 'greedy') expect(certain.at(-1)).toEqual(best!.ids);
      }),
    );
  });
});
