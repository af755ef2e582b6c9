import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { highestPatches, massInside, pointsInto, withoutPatches } from '../../../src/model/attention/faithfulness.js';
import { attendCaption, DEFAULT_MAP, mapOfWord } from '../../../src/model/attention/index.js';
import { measurePointing, nounIn } from '../../../src/model/attention/pointing.js';
import { decodingOptions } from '../../../src/model/decoding/index.js';
import { loadPicture } from '../../../src/model/image/load-picture.js';
import type { Picture } from '../../../src/model/image/picture.js';
import { BUNDLED_SCENES, readScenes } from '../../../src/model/scenes/scenes-file.js';
import { type LoadedCoca, loadCoca } from '../../../src/model/store/load.js';
import { wordsOf } from '../../../src/model/tokenizer/words.js';
import { fixture } from '../../support/golden.js';

/** 4 x 4 pixels of a picture that was 8 x 4, cropped to its middle. */
const picture: Picture = {
  source: { width: 8, height: 4 },
  crop: { x: 2, y: 0, width: 4, height: 4 },
  size: 4,
  rgb: Uint8Array.from({ length: 48 }, (_, i) => (i % 3 === 0 ? 200 : i)),
};
const box = (x0: number, y0: number, x1: number, y1: number) => ({ x0, y0, x1, y1 });

describe('pointing and mass, by hand', () => {
  const map = Float32Array.of(0.1, 0.2, 0.4, 0.3); // the peak is the lower left patch: source pixels 2-4 x 2-4

  test('the peak is compared in source pixels', () => {
    expect(pointsInto(map, 2, picture, [box(2, 2, 4, 4)])).toBe(true);
    expect(pointsInto(map, 2, picture, [box(0, 0, 2, 2), box(3, 3, 8, 4)])).toBe(true);
    expect(pointsInto(map, 2, picture, [box(0, 2, 2, 4)])).toBe(false);
  });

  test('mass counts the covered part of each patch, overlaps once', () => {
    expect(massInside(map, 2, picture, [box(2, 0, 4, 4)])).toBeCloseTo(0.5, 6);
    expect(massInside(map, 2, picture, [box(2, 2, 3, 4)])).toBeCloseTo(0.2, 6);
    expect(massInside(map, 2, picture, [box(2, 2, 4, 4), box(2, 2, 4, 4)])).toBeCloseTo(0.4, 6);
    expect(massInside(map, 2, picture, [box(0, 0, 8, 4)])).toBeCloseTo(1, 6);
    expect(massInside(map, 2, picture, [])).toBe(0);
  });

  test('deletion takes the highest patches and fills them with the mean colour', () => {
    expect(highestPatches(map, 2)).toEqual([2, 3]);
    const blank = withoutPatches(picture, 2, [2]);
    const green = [...picture.rgb].filter((_, i) => i % 3 === 1);
    const mean = Math.round(green.reduce((sum, value) => sum + value, 0) / 16);
    for (let y = 0; y < 4; y++) {
      for (let x = 0; x < 4; x++) {
        const at = (y * 4 + x) * 3;
        const inside = x < 2 && y >= 2;
        expect([...blank.rgb.subarray(at, at + 2)]).toEqual(inside ? [200, mean] : [200, picture.rgb[at + 1]]);
      }
    }
  });
});

describe('on the bundled model', () => {
  let coca: LoadedCoca;
  beforeAll(async () => {
    coca = await loadCoca({ model: 'scenes', device: 'cpu' });
    await coca.prepare('attention');
  });
  afterAll(() => coca.close());
  const load = (path: string) => loadPicture(readFileSync(path), coca.preprocess);

  test('words are put together again from their tokens, their log-probabilities added', () => {
    const { tokenizer } = coca;
    const text = 'two green hearts above a roller skate on an orange background';
    const ids = [tokenizer.special.sot, ...tokenizer.encode(text), tokenizer.special.eot];
    const logprobs = ids.slice(1).map((_, i) => -(i + 1));
    const words = wordsOf(ids, logprobs, tokenizer);
    expect(words.filter(({ special }) => !special).map((word) => word.text)).toEqual(text.split(' '));
    expect(words.at(-1)).toMatchObject({ text: '<end_of_text>', special: true, positions: [ids.length - 1] });
    expect(words.flatMap(({ positions }) => positions)).toEqual(ids.slice(1).map((_, i) => i + 1));
    expect(words.some(({ positions }) => positions.length > 1)).toBe(true);
    const total = words.reduce((sum, { logprob }) => sum + logprob, 0);
    expect(total).toBeCloseTo(
      logprobs.reduce((sum, value) => sum + value, 0),
      9,
    );
    expect(nounIn(words, 'green hearts')).toMatchObject({ text: 'green hearts' });
    expect(nounIn(words, 'green cats')).toBeUndefined();
  });

  test('teacher forcing gives a caption the log-probabilities that the search gave it', async () => {
    const image = await coca.encodeImages([await load(fixture('scenes/0003.png'))], { attention: true });
    const options = decodingOptions({}, { contextLength: coca.config.text.context_length });
    const [best] = (await coca.caption(image, options)).captions[0]!;
    const { raw, words } = await attendCaption(coca, image, best!.ids);
    expect(raw.logprobs).toHaveLength(best!.tokens.length);
    for (const [i, { logprob }] of best!.tokens.entries()) expect(raw.logprobs[i]).toBeCloseTo(logprob, 4);
    expect(words.at(-1)!.special).toBe(true);
  });

  test('the map of a small thing alone peaks at it', async () => {
    const image = await coca.encodeImages([await load(fixture('scenes/0003.png'))], { attention: true });
    const { special } = coca.tokenizer;
    const ids = [special.sot, ...coca.tokenizer.encode('a small taxi on a red background'), special.eot];
    const attention = await attendCaption(coca, image, ids);
    const taxi = attention.words.find(({ text }) => text === 'taxi')!;
    const map = mapOfWord(attention, taxi, DEFAULT_MAP);
    expect(pointsInto(map, attention.maps.grid, await load(fixture('scenes/0003.png')), [box(41, 39, 101, 99)])).toBe(
      true,
    );
  });

  test('maps point at what nouns name, and blanking what they show hurts more than blanking at random', async () => {
    const scenes = (await readScenes(BUNDLED_SCENES)).slice(0, 24);
    const located = async function* () {
      for (const { image, ...scene } of scenes) yield { ...scene, picture: await load(image) };
    };
    const [figures] = await measurePointing(coca, located(), [DEFAULT_MAP], { seeds: 3 });
    expect(figures!.nouns).toBe(scenes.reduce((sum, { objects }) => sum + objects.length, 0));
    expect(figures!.expectedHits / figures!.expected).toBeGreaterThanOrEqual(0.9);
    expect(figures!.drop).toBeGreaterThan(10 * figures!.randomDrop);
    expect(figures!.deletionWins / figures!.nouns).toBeGreaterThan(0.8);
  });
});

describe('scenes.json', () => {
  test('the plural names several things, with all their boxes', async () => {
    const scenes = await readScenes(BUNDLED_SCENES);
    expect(scenes).toHaveLength(48);
    const several = scenes.flatMap(({ objects }) => objects).filter(({ boxes }) => boxes.length > 1);
    expect(several.length).toBeGreaterThan(0);
    for (const scene of scenes) for (const { name } of scene.objects) expect(scene.caption).toContain(name);
  });

  test('what is no list of scenes is refused, naming the scene', async () => {
    await expect(readScenes(fixture('models/scenes/tokenizer.json'))).rejects.toMatchObject({ code: 'bad-data' });
    await expect(readScenes(fixture('golden/tokenizer.json'))).rejects.toMatchObject({
      message: expect.stringMatching(/scene 1 has no list "boxes"/),
    });
    await expect(readScenes('nowhere.json')).rejects.toMatchObject({ code: 'not-found' });
  });
});
