import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadedCoca } from '../../../src/model/index.js';
import { decodingOptions, loadCoca, loadPicture } from '../../../src/model/index.js';
import { fixture } from '../../support/golden.js';
import { fromGenerate, OPENCLIP_MODES, openClipIds } from './openclip-generate.js';

const CONTEXT = 24;
const expected = openClipIds('scenes');

describe("the bundled model with OpenCLIP's scoring", () => {
  let coca: LoadedCoca;
  let images: Awaited<ReturnType<typeof coca.encodeImages>>;

  beforeAll(async () => {
    coca = await loadCoca({ model: 'scenes' });
    const names = Array.from({ length: 48 }, (_, i) => fixture(`scenes/${String(i + 1).padStart(4, '0')}.png`));
    const pictures = names.map((name) => loadPicture(readFileSync(name), coca.preprocess));
    images = await coca.encodeImages(await Promise.all(pictures));
  });
  afterAll(() => coca.close());

  it.each(Object.entries(OPENCLIP_MODES))('has the ids of generate on all 48 scenes: %s', async (mode, options) => {
    const given = { ...fromGenerate(options), maxLength: CONTEXT };
    const { captions } = await coca.caption(images, decodingOptions(given, { contextLength: CONTEXT }));
    expect(captions.map(([best]) => best!.ids)).toEqual(expected[mode]);
  });

  it('is not what transformers scores: a test that would see the one taken for the other', async () => {
    const given = { maxLength: CONTEXT };
    const { captions } = await coca.caption(images, decodingOptions(given, { contextLength: CONTEXT }));
    const same = captions.filter(([best], i) => best!.ids.join() === expected.default![i]!.join());
    expect(same.length).toBeLessThan(40);
  });
});
