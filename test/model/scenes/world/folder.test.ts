import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readScenes } from '../../../../src/model/scenes/scenes-file.js';
import { writeScenes } from '../../../../src/model/scenes/world/folder.js';
import { contentOf, isTrue } from '../../../../src/model/scenes/world/grammar.js';

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'coca-scenes-'));
});
afterEach(() => rm(base, { recursive: true, force: true }));

const write = (folder: string, given: Partial<Parameters<typeof writeScenes>[0]> = {}) =>
  writeScenes({ folder: join(base, folder), count: 12, seed: 4, size: 64, heldOut: false, ...given });
const bytes = (folder: string, name: string) => readFile(join(base, folder, name));
const lines = async (folder: string) =>
  (await readFile(join(base, folder, 'captions.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('a folder of scenes', () => {
  it('is what eval reads and what training reads, of the same scenes', async () => {
    await write('a');
    const scenes = await readScenes(join(base, 'a', 'scenes.json'));
    const rows = await lines('a');
    expect(scenes).toHaveLength(12);
    expect(rows).toHaveLength(12);
    for (const [i, { image, caption, trueCaptions, hardNegatives, objects }] of scenes.entries()) {
      const row = rows[i];
      expect(image).toBe(join(base, 'a', row.image));
      expect(caption).toBe(row.longest);
      expect(trueCaptions).toEqual(row.true_captions);
      expect(trueCaptions).toContain(row.caption);
      expect(hardNegatives).toHaveLength(9);
      expect(isTrue(row.caption, contentOf(caption)!)).toBe(true);
      const boxes = objects.flatMap((object) => object.boxes);
      expect(boxes).toHaveLength(row.groups.reduce((sum: number, { count }: { count: number }) => sum + count, 0));
      for (const { x0, y0, x1, y1 } of boxes) {
        expect(0 <= x0 && x0 < x1 && x1 <= 64 && 0 <= y0 && y0 < y1 && y1 <= 64).toBe(true);
      }
      expect(await sharp(image).metadata()).toMatchObject({ format: 'png', width: 64, height: 64, channels: 3 });
    }
  });

  it('begins with the same scenes however many there are', async () => {
    await write('few', { count: 3 });
    await write('more', { count: 9 });
    expect(await lines('few')).toEqual((await lines('more')).slice(0, 3));
    for (const name of ['000001.png', '000003.png'])
      expect(await bytes('few', name)).toEqual(await bytes('more', name));
  });

  it('of scenes that move: one thing, in equal steps from left to right, as its frames show it', async () => {
    await write('moving', { count: 3, frames: 5, size: 96 });
    const rows = await lines('moving');
    for (const row of rows) {
      expect(row).toMatchObject({ motion: 'left to right', groups: [{ count: 1 }] });
      expect(row.boxes).toEqual(row.frames[0].boxes);
      const path = join(base, 'moving', row.image);
      const { format, pages, delay } = await sharp(path).metadata();
      expect([format, pages, delay]).toEqual(['webp', 5, [125, 125, 125, 125, 125]]);
      const lefts = row.frames.map(({ boxes }: { boxes: { x0: number }[] }) => boxes[0]!.x0);
      expect(lefts[0]).toBe(2);
      expect(row.frames[4].boxes[0].x1).toBe(94);
      for (const [i, left] of lefts.slice(1).entries()) expect(left).toBeGreaterThan(lefts[i]);
      // Two frames differ where the thing is in either, and nowhere else.
      const [first, last] = await Promise.all(
        [0, 4].map(async (page) => sharp(path, { page, pages: 1 }).removeAlpha().raw().toBuffer()),
      );
      const boxes = [row.frames[0].boxes[0], row.frames[4].boxes[0]];
      let different = 0;
      for (let i = 0; i < 96 * 96; i++) {
        const [x, y] = [i % 96, Math.floor(i / 96)];
        const isSame = first!.subarray(3 * i, 3 * i + 3).equals(last!.subarray(3 * i, 3 * i + 3));
        const isInside = boxes.some(({ x0, y0, x1, y1 }) => x >= x0 && x < x1 && y >= y0 && y < y1);
        if (!isSame) different += 1;
        if (!isSame && !isInside) throw new Error(`pixel ${x}, ${y} differs outside`);
      }
      expect(different).toBeGreaterThan(100);
    }
    // As a picture, a scene to be evaluated.
    expect(await readScenes(join(base, 'moving', 'scenes.json'))).toHaveLength(3);
    await write('fewer', { count: 1, frames: 5, size: 96 });
    expect(await bytes('fewer', '000001.webp')).toEqual(await bytes('moving', '000001.webp'));
  });

  it('is not written over another', async () => {
    await write('a', { count: 1 });
    await expect(write('a')).rejects.toMatchObject({
      code: 'write-failed',
      message: expect.stringContaining('already'),
    });
    await writeFile(join(base, 'file'), '');
    await expect(write('file')).rejects.toMatchObject({ code: 'write-failed' });
  });

  it('has no lists when it was stopped', async () => {
    const stop = new AbortController();
    const work = write('a', { count: 500, signal: stop.signal, onProgress: (done) => done === 20 && stop.abort() });
    await expect(work).rejects.toMatchObject({ code: 'interrupted' });
    const names = await readdir(join(base, 'a'));
    expect(names.filter((name) => !name.endsWith('.png'))).toEqual([]);
  });
});
