import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { afterEach, describe, expect, it } from 'vitest';
import { PictureDecoder } from '../../../src/model/data/picture-decoder.js';
import { SharedBudget } from '../../../src/model/image/budget.js';
import { loadPicture } from '../../../src/model/image/load-picture.js';
import { fixture } from '../../support/golden.js';

const OPTIONS = { size: 32 };
const noise = { create: { width: 3000, height: 1500, channels: 3, background: '#888' } } as const;

let decoder: PictureDecoder | undefined;
afterEach(() => decoder?.close());

describe('the decoder of many pictures', () => {
  it('starts threads once they are worth it, and gives the same pixels and failures there', async () => {
    const large = await sharp({
      ...noise,
      create: { ...noise.create, noise: { type: 'gaussian', mean: 120, sigma: 40 } },
    })
      .jpeg()
      .toBuffer();
    const small = readFileSync(fixture('scenes/0001.png'));
    const expected = await Promise.all([large, small].map((bytes) => loadPicture(bytes, OPTIONS)));
    decoder = new PictureDecoder(2);
    for (let i = 0; i < 2; i++) {
      expect(decoder.isThreaded).toBe(false);
      expect(await decoder.decode(large, OPTIONS)).toEqual(expected[0]);
    }
    const found = await Promise.all([large, small, large].map((bytes) => decoder!.decode(bytes, OPTIONS)));
    expect(decoder.isThreaded).toBe(true);
    expect(found).toEqual([expected[0], expected[1], expected[0]]);
    const cut = large.subarray(0, large.length / 2);
    const failure = await loadPicture(cut, OPTIONS).catch((error) => error);
    await expect(decoder.decode(cut, OPTIONS)).rejects.toMatchObject({
      code: 'bad-image',
      message: failure.message,
      hint: failure.hint,
    });
    // What was given is still the caller's.
    expect(large.length).toBeGreaterThan(0);
  });

  it('starts none for small pictures, nor where there is one core', async () => {
    const small = readFileSync(fixture('scenes/0001.png'));
    decoder = new PictureDecoder(2);
    for (let i = 0; i < 50; i++) await decoder.decode(small, OPTIONS);
    expect(decoder.isThreaded).toBe(false);
    const alone = new PictureDecoder(1);
    const large = await sharp(noise).png().toBuffer();
    for (let i = 0; i < 3; i++) await alone.decode(large, OPTIONS);
    expect(alone.isThreaded).toBe(false);
  });
});

describe('a budget that is shared', () => {
  it('lets nobody spend more than there is, all together', async () => {
    const counter = new SharedArrayBuffer(4);
    // Each stands for a thread.
    const budgets = [0, 1, 2].map(() => new SharedBudget(10, counter));
    let used = 0;
    let most = 0;
    const costs = Array.from({ length: 60 }, (_, i) => 1 + ((i * 7) % 10));
    await Promise.all(
      costs.map((cost, i) =>
        budgets[i % 3]!.spend(cost, async () => {
          used += cost;
          most = Math.max(most, used);
          await new Promise((resolve) => setImmediate(resolve));
          used -= cost;
          if (i % 5 === 0) throw new Error('failed');
        }).catch(() => undefined),
      ),
    );
    expect(most).toBeGreaterThan(5);
    expect(most).toBeLessThanOrEqual(10);
    expect(new Int32Array(counter)[0]).toBe(0);
  });
});
