import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadPicture } from '../../../src/model/image/load-picture.js';
import type { Picture } from '../../../src/model/image/picture.js';
import { type LoadedCoca, loadCoca } from '../../../src/model/store/load.js';
import {
  beginTrace,
  mostChanged,
  restored,
  type Trace,
  type Tracing,
  trace,
} from '../../../src/model/tracing/trace.js';
import { fixture } from '../../support/golden.js';

describe('between two pictures', () => {
  let coca: LoadedCoca & Tracing;
  let pictures: readonly [Picture, Picture];
  let found: Trace;
  const parts: number[] = [];
  beforeAll(async () => {
    coca = (await loadCoca({ model: 'scenes', device: 'cpu' })) as LoadedCoca & Tracing;
    const load = (name: string) => loadPicture(readFileSync(fixture(`scenes/${name}`)), coca.preprocess);
    pictures = [await load('0001.png'), await load('0003.png')];
    const { special } = coca.tokenizer;
    const ids = [special.sot, ...coca.tokenizer.encode('a small book'), special.eot];
    found = await trace(coca, pictures, ids, { window: 1, onProgress: (part) => parts.push(part) });
  }, 300_000);
  afterAll(() => coca.close());

  const layer = (site: string) => found.layers.find((one) => one.site === site)!;

  test('has every layer, with every place of it, and says how far it is', () => {
    const { vision, multimodal } = coca.config;
    expect(found.layers.map(({ site }) => site)).toEqual([
      ...Array.from({ length: vision.layers }, (_, i) => `vision.${i}`),
      'image',
      ...Array.from({ length: multimodal.layers }, (_, i) => `cross.${i}`),
    ]);
    expect(layer('vision.0').logprobs).toHaveLength(found.grid ** 2);
    expect(layer('cross.0').logprobs).toHaveLength(4);
    expect(parts[0]).toBe(0);
    expect(parts.at(-1)).toBe(1);
    expect(parts).toEqual([...parts].sort((x, y) => x - y));
  });

  test("after the last block a row's own activation is all there is: it alone comes back, wholly", () => {
    const last = found.layers.at(-1)!;
    for (const [position, rows] of last.logprobs.entries()) {
      for (const [row, logprob] of rows.entries()) {
        expect(logprob).toBeCloseTo((position === row ? found.clean : found.corrupt)[row]!, 4);
      }
    }
  });

  test('what a later row has cannot come back at an earlier one', () => {
    for (const { places, logprobs } of found.layers) {
      if (places !== 'rows') continue;
      for (const [position, rows] of logprobs.entries()) {
        for (let row = 0; row < position; row++) expect(rows[row]).toBeCloseTo(found.corrupt[row]!, 4);
      }
    }
  });

  test('with all patches put back, everything comes back but what the class token has', async () => {
    const whole = await trace(coca, pictures, found.ids, { window: found.grid * 2 + 1 });
    const first = whole.layers[0]!.logprobs;
    for (const rows of first)
      for (const [row, logprob] of rows.entries()) expect(logprob).toBeCloseTo(first[0]![row]!, 4);
    const distance = (rows: readonly number[], to: readonly number[]) =>
      rows.reduce((sum, value, i) => sum + Math.abs(value - to[i]!), 0);
    expect(distance(first[0]!, whole.clean)).toBeLessThan(0.2 * distance(whole.corrupt, whole.clean));
  });

  test('of a picture and itself nothing is to be put back', async () => {
    const [a] = pictures;
    const same = await trace(coca, [a, a], found.ids, { window: 1 });
    for (const one of same.layers) expect(restored(same, one, same.words[0]!)).toBeNull();
  });

  test('layers come one after the other, the decoder first, and are those of the whole', async () => {
    const begun = await beginTrace(coca, pictures, found.ids, 1);
    const { layers, ...readings } = found;
    expect(begun.readings).toEqual(readings);
    const order: string[] = [];
    for await (const [index, one] of begun.layers()) {
      expect(one).toEqual(layers[index]);
      expect(begun.sites[index]).toEqual({ site: one.site, places: one.places });
      order.push(one.site);
    }
    expect(order).toEqual(
      [...layers.slice(coca.config.vision.layers), ...layers].slice(0, layers.length).map((one) => one.site),
    );
  });

  test('stops when asked to', async () => {
    const signal = AbortSignal.abort();
    await expect(trace(coca, pictures, found.ids, { signal })).rejects.toMatchObject({ code: 'interrupted' });
  });
});

test('shares of what was lost, of a word with all its tokens', () => {
  const word = (text: string, positions: number[]) => ({ text, positions, logprob: 0, special: false });
  const one = word('dog', [1]);
  const two = word('left', [2, 3]);
  const layer = {
    site: 'image',
    places: 'image tokens',
    logprobs: [
      [-1, -2, -2],
      [-3, -1, -1],
      [-5, -4, -4],
    ],
  } as const;
  const of = {
    ids: [0, 1, 2, 3],
    words: [one, two],
    clean: [-1, -1, -1],
    corrupt: [-5, -2, -2],
    layers: [layer],
    grid: 1,
  };
  expect(restored(of, layer, one)).toEqual([1, 0.5, 0]);
  expect(restored(of, layer, two)).toEqual([0, 1, -2]);
  expect(mostChanged(of.words, of)).toBe(0);
  expect(restored({ ...of, clean: [-4.95, -1, -1] }, layer, one)).toBeNull();
});
