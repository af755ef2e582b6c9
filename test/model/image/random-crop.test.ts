import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/model/base/random.js';
import { loadPart, loadPicture } from '../../../src/model/image/load-picture.js';
import { OPENCLIP_CROP, randomCrop } from '../../../src/model/image/random-crop.js';
import { fixture } from '../../support/golden.js';

describe('a random crop', () => {
  it('lies in the picture and, where one can, has the area and shape that OpenCLIP allows', () => {
    const side = fc.integer({ min: 8, max: 3000 });
    fc.assert(
      fc.property(side, side, fc.nat(), (width, height, seed) => {
        const { left, top, width: w, height: h } = randomCrop({ width, height }, OPENCLIP_CROP, new Random(seed, 0));
        expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
        expect(left + w).toBeLessThanOrEqual(width);
        expect(top + h).toBeLessThanOrEqual(height);
        const shape = width / height;
        if (shape < 0.8 || shape > 1.25) return;
        // Rounding moves a side by at most half a pixel.
        expect((w + 0.5) * (h + 0.5)).toBeGreaterThanOrEqual(0.9 * width * height);
        expect((w + 0.5) / (h - 0.5)).toBeGreaterThanOrEqual(3 / 4);
        expect((w - 0.5) / (h + 0.5)).toBeLessThanOrEqual(4 / 3);
      }),
      { numRuns: 500 },
    );
  });

  it('of a picture that is too long is the largest central part, as torchvision takes it', () => {
    const crop = (width: number, height: number) => randomCrop({ width, height }, OPENCLIP_CROP, new Random(1, 1));
    expect(crop(3000, 90)).toEqual({ left: 1440, top: 0, width: 120, height: 90 });
    expect(crop(90, 3000)).toEqual({ left: 0, top: 1440, width: 90, height: 120 });
    expect(crop(1, 1)).toEqual({ left: 0, top: 0, width: 1, height: 1 });
  });

  it('moves about: every quarter of what is left free is taken', () => {
    const seen = Array.from({ length: 400 }, (_, i) => {
      const { left, top, width, height } = randomCrop({ width: 1000, height: 1000 }, OPENCLIP_CROP, new Random(3, i));
      return [left / Math.max(1, 1000 - width) < 0.5, top / Math.max(1, 1000 - height) < 0.5].join();
    });
    for (const quarter of new Set(seen)) expect(seen.filter((one) => one === quarter).length).toBeGreaterThan(60);
    expect(new Set(seen).size).toBe(4);
  });
});

describe('a part of a picture', () => {
  const bytes = readFileSync(fixture('golden/preprocess/coffee.jpg'));

  it('that is all of it is the picture squashed', async () => {
    const part = await loadPart(bytes, { size: 64 }, ({ width, height }) => ({ left: 0, top: 0, width, height }));
    expect(part).toEqual(await loadPicture(bytes, { size: 64, resizeMode: 'squash' }));
  });

  it('is what the decoder has there', async () => {
    // The middle square at its own size is the crop of the evaluation transform of a picture of that height.
    const { source } = await loadPicture(bytes, { size: 8 });
    const size = source.height;
    const left = (source.width - size) / 2;
    const part = await loadPart(bytes, { size }, () => ({ left, top: 0, width: size, height: size }));
    expect(part.rgb).toEqual((await loadPicture(bytes, { size })).rgb);
    expect(part.crop).toEqual({ x: left, y: 0, width: size, height: size });
  });
});
