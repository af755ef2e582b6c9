import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaptionOptions, PictureRun } from '../../src/model/api.js';
import { CocaError } from '../../src/model/base/errors.js';
import { decodingOptions } from '../../src/model/decoding/index.js';
import type { Picture } from '../../src/model/image/picture.js';
import { type LoadedCoca, loadCoca, loadPicture } from '../../src/model/index.js';
import { fixture } from '../support/golden.js';

const NAMES = ['0001', '0002', '0003', '0004', '0005', '0006', '0007'];

describe.each([
  ['whose places can be given to others', { isolated: false }],
  ['of which batches follow each other', { engine: 'tfjs', device: 'wasm' }],
] as const)('captions of many pictures, from an engine %s', (_, how) => {
  let coca: LoadedCoca;
  let pictures: Picture[];
  beforeAll(async () => {
    coca = await loadCoca({ model: 'scenes', device: 'cpu', ...how });
    pictures = await Promise.all(
      NAMES.map((name) => loadPicture(readFileSync(fixture(`scenes/${name}.png`)), coca.preprocess)),
    );
  });
  afterAll(() => coca.close());

  const search = (given: Parameters<typeof decodingOptions>[0]): CaptionOptions =>
    decodingOptions(given, { contextLength: coca.config.text.context_length });

  async function* arriving(some: readonly Picture[]): AsyncGenerator<Picture> {
    for (const picture of some) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      yield picture;
    }
  }

  it.each([
    [{ strategy: 'greedy' as const }, 3],
    [{ beams: 3, num: 2 }, 2],
    [{ strategy: 'sample' as const, num: 2, seed: 5 }, 32],
  ])('%j, %i side by side: those of each alone, in their order', async (given, batch) => {
    const options = search(given);
    const found: PictureRun[] = [];
    for await (const run of coca.captionEach(arriving(pictures), options, { batch })) found.push(run);
    expect(found).toHaveLength(pictures.length);
    for (const [i, { captions, ms }] of found.entries()) {
      const alone = (await coca.caption(await coca.encodeImages([pictures[i]!]), options)).captions[0]!;
      expect(captions.map(({ ids }) => ids)).toEqual(alone.map(({ ids }) => ids));
      for (const [at, { score }] of captions.entries()) expect(score).toBeCloseTo(alone[at]!.score, 4);
      expect([ms.encode > 0, ms.decode > 0]).toEqual([true, true]);
    }
  });

  it('none of none; after those before it, what the pictures fail with', async () => {
    const options = search({ strategy: 'greedy' });
    const runs = async (source: AsyncIterable<Picture>) => {
      const texts: string[] = [];
      try {
        for await (const { captions } of coca.captionEach(source, options, { batch: 2 })) texts.push(captions[0]!.text);
      } catch (error) {
        return { count: texts.length, error };
      }
      return { count: texts.length };
    };
    expect(await runs(arriving([]))).toEqual({ count: 0 });
    async function* broken(): AsyncGenerator<Picture> {
      yield* arriving(pictures.slice(0, 4));
      throw new CocaError('unreadable', 'no more');
    }
    expect(await runs(broken())).toMatchObject({ count: 4, error: { code: 'unreadable' } });
  });

  it('leaves the model to others when a consumer wants no more, and when it is told to stop', async () => {
    const options = search({ strategy: 'greedy' });
    for await (const _ of coca.captionEach(arriving(pictures), options, { batch: 2 })) break;
    const stopped = { batch: 2, signal: AbortSignal.abort() };
    await expect(coca.captionEach(arriving(pictures), options, stopped).next()).rejects.toMatchObject({
      code: 'interrupted',
    });
    expect((await coca.encodeImages([pictures[0]!])).count).toBe(1);
  });
});
