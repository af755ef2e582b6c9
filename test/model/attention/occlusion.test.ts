import { expect, test } from 'vitest';
import type { ImageEncoding } from '../../../src/model/api.js';
import { occlude } from '../../../src/model/attention/occlusion.js';
import type { Picture } from '../../../src/model/image/picture.js';

/** A picture of `grid` x `grid` patches of one pixel, black but for white ones. */
function picture(grid: number, white: readonly number[]): Picture {
  const rgb = new Uint8Array(grid * grid * 3);
  for (const patch of white) rgb.fill(255, patch * 3, patch * 3 + 3);
  const side = { width: grid, height: grid };
  return { source: side, crop: { x: 0, y: 0, ...side }, size: grid, rgb };
}

/** Its one row says how much of a white patch there is; and it counts pictures. */
function modelOf(patch: number) {
  const seen: (readonly Picture[])[] = [];
  return {
    seen,
    encodeImages: async (pictures: readonly Picture[]) => {
      seen.push(pictures);
      return { count: pictures.length } as ImageEncoding;
    },
    readCaption: async () => seen.at(-1)!.map(({ rgb }) => [rgb[patch * 3]! === 255 ? -1 : -5]),
  };
}

test('a window of one patch: only the patch that matters costs anything', async () => {
  const coca = modelOf(4);
  const { falls, passes } = await occlude(coca, picture(3, [4]), [0, 1], [-1], { grid: 3, window: 1 });
  expect([...falls]).toEqual([0, 0, 0, 0, 4, 0, 0, 0, 0]);
  expect(passes).toBe(9);
});

test('a wider window: each patch has the mean of the windows over it', async () => {
  const coca = modelOf(0);
  const { falls, passes } = await occlude(coca, picture(3, [0]), [0, 1], [-1], { grid: 3, window: 3 });
  // Patch 0 is blanked by the windows on 0, 1, 3 and 4: all four of those that cover it. Patch 2 lies in those on 1, 2, 4 and 5.
  const rounded = [...falls].map((fall) => Math.round(fall * 1e4) / 1e4);
  expect(rounded).toEqual([4, 2.6667, 2, 2.6667, 1.7778, 1.3333, 2, 1.3333, 1]);
  expect(passes).toBe(9);
});

test('what is blanked has the mean colour of the picture', async () => {
  const coca = modelOf(0);
  await occlude(coca, picture(2, [0]), [0, 1], [-1], { grid: 2, window: 1 });
  expect(coca.seen.flat().map(({ rgb }) => [...rgb].filter((_, i) => i % 3 === 0))).toEqual([
    [64, 0, 0, 0],
    [255, 64, 0, 0],
    [255, 0, 64, 0],
    [255, 0, 0, 64],
  ]);
});

test('says how far it is, and stops when asked to', async () => {
  const parts: number[] = [];
  const onProgress = (part: number) => parts.push(part);
  await occlude(modelOf(0), picture(6, [0]), [0, 1], [-1], { grid: 6, onProgress });
  expect(parts).toEqual([0, 16 / 36, 32 / 36, 1]);
  const stopped = new AbortController();
  stopped.abort();
  const run = occlude(modelOf(0), picture(3, [0]), [0, 1], [-1], { grid: 3, signal: stopped.signal });
  await expect(run).rejects.toMatchObject({ code: 'interrupted' });
});
