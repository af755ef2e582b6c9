import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, decodeEach, type TokenRow } from '../../../../src/model/decoding/index.js';
import { type HashParameters, hashLogits, hashModel, PathModel, SPECIAL, start } from '../hash-model.js';

/** Hash models at places, each of which can be given to another. */
class HashPlaces {
  readonly vocabSize;
  readonly batch;
  readonly rowsAsked: number[] = [];
  isReleased = false;
  readonly #models: PathModel[];

  constructor(first: readonly HashParameters[]) {
    this.#models = first.map((one) => hashModel(one));
    this.vocabSize = this.#models[0]!.vocabSize;
    this.batch = first.length;
  }

  async extend(rows: readonly (readonly TokenRow[])[]) {
    this.rowsAsked.push(rows.filter(({ length }) => length > 0).length);
    return Promise.all(rows.map(async (own, place) => (await this.#models[place]!.extend([own]))[0]!));
  }

  async replace(place: number, image: HashParameters) {
    this.#models[place] = new PathModel([(ids) => hashLogits(ids, image)]);
  }

  retain(): void {}

  release(): void {
    this.isReleased = true;
  }
}

async function* of<T>(items: readonly T[], wait = 0): AsyncGenerator<T> {
  for (const item of items) {
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    yield item;
  }
}

const images = fc.array(
  fc.record({ seed: fc.nat(1e6), window: fc.constantFrom(3, 100), eot_bias: fc.constantFrom(0, 1, 2, 3) }),
  { minLength: 1, maxLength: 12 },
);

describe('decodeEach', () => {
  it.each([{ strategy: 'greedy' }, { beams: 3 }, { groups: 3 }, { strategy: 'sample', num: 2 }] as const)(
    'finds of every picture what a search of it alone finds, in their order: %j',
    async (given) => {
      await fc.assert(
        fc.asyncProperty(images, fc.integer({ min: 1, max: 5 }), async (pictures, places) => {
          const first = pictures.slice(0, places);
          const model = new HashPlaces(first);
          const begin = () => start({ ...given, maxLength: 14 }, [SPECIAL.sot, 7]);
          const ended = [];
          for await (const one of decodeEach(model, first, of(pictures.slice(places)), begin)) ended.push(one);
          expect(ended.map(({ image }) => image)).toEqual(pictures);
          for (const { image, state } of ended) {
            const [alone] = await decode(hashModel(image), [begin()]);
            expect(state).toEqual(alone);
          }
          expect(model.isReleased).toBe(true);
        }),
        { numRuns: 20 },
      );
    },
  );

  it('gives a place to the next picture as soon as its search has ended', async () => {
    const pictures = [3, 0, 3, 0, 3, 3].map((eot_bias, seed) => ({ seed, window: 100, eot_bias }));
    const begin = () => start({ strategy: 'greedy', maxLength: 20 });
    const steps = await Promise.all(pictures.map(async (one) => (await decode(hashModel(one), [begin()]))[0]!.step));
    const model = new HashPlaces(pictures.slice(0, 2));
    let count = 0;
    for await (const _ of decodeEach(model, pictures.slice(0, 2), of(pictures.slice(2)), begin)) count++;
    expect(count).toBe(6);
    const asked = model.rowsAsked.reduce((a, b) => a + b, 0);
    expect(asked).toBe(steps.reduce((a, b) => a + b, 0));
    // Both places are taken until no picture is left.
    const full = model.rowsAsked.lastIndexOf(2);
    expect(model.rowsAsked.slice(0, full + 1).every((rows) => rows === 2)).toBe(true);
  });

  it('goes on with what it has while the next picture is not there yet', async () => {
    const pictures = Array.from({ length: 6 }, (_, seed) => ({ seed, window: 100, eot_bias: 2 }));
    const model = new HashPlaces(pictures.slice(0, 3));
    const seeds: number[] = [];
    const begin = () => start({ strategy: 'greedy', maxLength: 12 });
    for await (const { image } of decodeEach(model, pictures.slice(0, 3), of(pictures.slice(3), 5), begin)) {
      seeds.push(image.seed);
    }
    expect(seeds).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('ends with what its pictures fail with, and when it is told to', async () => {
    const picture = { seed: 1, window: 100, eot_bias: 3 };
    async function* broken(): AsyncGenerator<HashParameters> {
      yield picture;
      throw new Error('no more');
    }
    const run = async (others: AsyncGenerator<HashParameters>, signal?: AbortSignal) => {
      const model = new HashPlaces([picture]);
      let count = 0;
      try {
        for await (const _ of decodeEach(model, [picture], others, () => start({ strategy: 'greedy' }), signal))
          count++;
        return { count };
      } catch (error) {
        return { count, error };
      } finally {
        expect(model.isReleased).toBe(true);
      }
    };
    expect(await run(broken())).toMatchObject({ count: 2, error: { message: 'no more' } });
    expect(await run(of([]), AbortSignal.abort())).toMatchObject({ count: 0, error: { code: 'interrupted' } });
    expect(await run(of([picture, picture]))).toEqual({ count: 3 });
  });
});
