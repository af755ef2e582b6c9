import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { highestPatches, withoutPatches } from '../../../src/model/attention/faithfulness.js';
import { attendCaption, DEFAULT_MAP, mapOfWord } from '../../../src/model/attention/index.js';
import { dot } from '../../../src/model/base/numbers/vectors.js';
import { tokensOf } from '../../../src/model/encoding.js';
import {
  calibrationJson,
  featuresOf,
  probabilityOf,
  readCalibration,
} from '../../../src/model/grounding/calibration.js';
import { wordSignals } from '../../../src/model/grounding/signals.js';
import { loadPicture } from '../../../src/model/image/load-picture.js';
import type { Picture } from '../../../src/model/image/picture.js';
import { meanPicture } from '../../../src/model/means.js';
import { scenePictures } from '../../../src/model/scenes/bundled.js';
import { type LoadedCoca, loadCoca } from '../../../src/model/store/load.js';
import { fixture } from '../../support/golden.js';

let coca: LoadedCoca;
let picture: Picture;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coca-grounding-'));
  vi.stubEnv('COCA_CACHE', folder);
  coca = await loadCoca();
  picture = await loadPicture(readFileSync(fixture('scenes/0001.png')), coca.preprocess);
});
afterAll(async () => {
  await coca.close();
  rmSync(folder, { recursive: true });
  vi.unstubAllEnvs();
});

const idsOf = (caption: string) => {
  const { special } = coca.tokenizer;
  return [special.sot, ...coca.tokenizer.encode(caption), special.eot];
};
const seen = async () => ({ picture, image: await coca.encodeImages([picture], { attention: true }) });
const some = async function* () {
  for (const name of ['0001', '0002', '0003']) {
    yield await loadPicture(readFileSync(fixture(`scenes/${name}.png`)), coca.preprocess);
  }
};

describe('a picture of nothing in particular', () => {
  test('is the mean of the tokens, and is kept; a file that was cut is made anew', async () => {
    const pictures: Picture[] = [];
    for await (const one of some()) pictures.push(one);
    const tokens = tokensOf(await coca.encodeImages(pictures)).data;
    const size = tokens.length / 3;
    const mean = tokensOf(await meanPicture(coca, some, 'three')).data;
    for (let i = 0; i < size; i += 97) {
      expect(mean[i]).toBeCloseTo((tokens[i]! + tokens[size + i]! + tokens[2 * size + i]!) / 3, 4);
    }
    const none = async function* (): AsyncGenerator<Picture> {
      yield* [];
      throw new Error('it is kept');
    };
    expect(tokensOf(await meanPicture(coca, none, 'three')).data).toEqual(mean);
    const [file] = readdirSync(join(folder, 'mean-pictures'));
    truncateSync(join(folder, 'mean-pictures', file!), 100);
    expect(tokensOf(await meanPicture(coca, some, 'three')).data).toEqual(mean);
  });

  test('needs no cache that can be written', async () => {
    writeFileSync(join(folder, 'a-file'), '');
    vi.stubEnv('COCA_CACHE', join(folder, 'a-file'));
    const made = await meanPicture(coca, some, 'three');
    vi.stubEnv('COCA_CACHE', folder);
    expect(made.count).toBe(1);
  });
});

describe('the signals of a word', () => {
  test('are what the model says without the picture, the region and the word', async () => {
    const caption = 'a small book on a pink background';
    const ids = idsOf(caption);
    const reference = await meanPicture(coca, () => scenePictures(coca), 'scenes');
    const found = await wordSignals(coca, await seen(), ids, reference);
    expect(found.map(({ word }) => word.text)).toEqual(caption.split(' '));

    const { word, signals } = found[2]!; // "book"
    const place = word.positions[0]! - 1;
    expect(word.positions).toHaveLength(1);
    const image = await coca.encodeImages([picture], { attention: true });
    const attention = await attendCaption(coca, image, ids);
    const [unseen] = await coca.readCaption(reference, ids);
    expect(signals.logprob).toBeCloseTo(attention.raw.logprobs[place]!, 4);
    expect(signals.without).toBeCloseTo(unseen![place]!, 4);
    expect(signals.gain).toBeCloseTo(signals.logprob - signals.without, 6);

    const map = mapOfWord(attention, attention.words[2]!, DEFAULT_MAP);
    const { grid } = attention.maps;
    const highest = highestPatches(map, Math.round(0.2 * grid * grid));
    const blanked = await coca.encodeImages([withoutPatches(picture, grid, highest)]);
    const [lost] = await coca.readCaption(blanked, ids);
    expect(signals.drop).toBeCloseTo(signals.logprob - lost![place]!, 3);
    expect(signals.mass).toBeCloseTo(
      highest.reduce((sum, patch) => sum + map[patch]!, 0),
      4,
    );

    const [whole, shorter] = await coca.encodeTexts([caption, 'a small on a pink background']);
    const [features] = image.features;
    expect(signals.similarity).toBeCloseTo(dot(features!, whole!) - dot(features!, shorter!), 4);
  });

  test('of a word that is there are higher than of one that is not, and of words alone that are wanted', async () => {
    const reference = await meanPicture(coca, () => scenePictures(coca), 'scenes');
    const wanted = (word: number) => word === 2;
    const [right] = await wordSignals(coca, await seen(), idsOf('a small book on a pink background'), reference, {
      wanted,
    });
    const all = await wordSignals(coca, await seen(), idsOf('a small owl on a pink background'), reference, { wanted });
    expect(all.map(({ index, word }) => [index, word.text])).toEqual([[2, 'owl']]);
    const wrong = all[0]!.signals;
    expect(right!.signals.logprob).toBeGreaterThan(wrong.logprob);
    expect(right!.signals.gain).toBeGreaterThan(wrong.gain);
  });

  test('stop where they are asked to', async () => {
    const reference = await meanPicture(coca, some, 'three');
    const signal = AbortSignal.abort();
    await expect(wordSignals(coca, await seen(), idsOf('a dog'), reference, { signal })).rejects.toMatchObject({
      code: 'interrupted',
    });
  });
});

describe('a calibration', () => {
  const signals = { logprob: Math.log(0.8), without: -3, gain: 30, drop: -20, mass: 0.5, similarity: 0.1 };

  test('takes log(p / (1 - p)), and nats up to twelve', () => {
    const [logit, ...rest] = featuresOf(signals);
    expect(logit).toBeCloseTo(Math.log(4), 10);
    expect(rest).toEqual([12, -12, 0.5, 0.1]);
    expect(featuresOf({ ...signals, logprob: 0 })[0]).toBe(12);
    expect(featuresOf({ ...signals, logprob: -100 })[0]).toBe(-12);
  });

  test('is read as it was written, and is of its weights alone', async () => {
    const weights = [1, 0.5, 0.25, 2, -3];
    const made = { weights, bias: 0.5, fingerprint: await coca.fingerprint() };
    expect(JSON.parse(calibrationJson(made))).toMatchObject(made);
    const known = await readCalibration(undefined, made.fingerprint);
    expect(known!.weights).toHaveLength(5);
    expect(await readCalibration(undefined, 'other')).toBeUndefined();
    const x = Math.log(4) + 12 * 0.5 - 12 * 0.25 + 1 - 0.3 + 0.5;
    expect(probabilityOf(made, signals)).toBeCloseTo(1 / (1 + Math.exp(-x)), 10);
  });
});
