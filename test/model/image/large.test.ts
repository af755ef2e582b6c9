import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadPicture } from '../../../src/model/image/load-picture.js';
import { REHEARSED_FROM } from '../../../src/model/image/rehearsal.js';

const SIDE = 4010;
const FORMATS = ['jpeg', 'png', 'webp', 'tiff', 'gif'] as const;
const bad = { name: 'CocaError', code: 'bad-image', message: expect.stringMatching(/cannot decode this/) };

/** Left half dark, right half light: known after any resampling, and quick to compress. */
let rgb: Buffer;
beforeAll(() => {
  const row = Buffer.alloc(SIDE * 3, 40).fill(200, (SIDE / 2) * 3);
  rgb = Buffer.alloc(SIDE * SIDE * 3, row);
});

describe.each(FORMATS)('a large %s', (format) => {
  let file: Buffer;
  beforeAll(async () => {
    const image = sharp(rgb, { raw: { width: SIDE, height: SIDE, channels: 3 } });
    file = await (format === 'tiff' ? image.tiff({ compression: 'lzw' }) : image.toFormat(format)).toBuffer();
  });

  test('is read', async () => {
    expect(SIDE * SIDE).toBeGreaterThan(REHEARSED_FROM);
    const picture = await loadPicture(file, { size: 8 });
    for (let i = 0; i < picture.rgb.length; i++) {
      const expected = Math.floor(i / 3) % 8 < 4 ? 40 : 200;
      expect(Math.abs(picture.rgb[i]! - expected)).toBeLessThan(25);
    }
  });

  test('that is cut short is refused', async () => {
    for (const part of [0.5, 0.98]) {
      await expect(loadPicture(file.subarray(0, Math.floor(file.length * part)), { size: 8 })).rejects.toMatchObject(
        bad,
      );
    }
  });
});

test.each(['jpeg', 'png'] as const)('a large %s that is interlaced', async (format) => {
  const image = sharp(rgb, { raw: { width: SIDE, height: SIDE, channels: 3 } });
  const file = await image.toFormat(format, { progressive: true }).toBuffer();
  expect((await loadPicture(file, { size: 8 })).source).toEqual({ width: SIDE, height: SIDE });
  await expect(loadPicture(file.subarray(0, file.length * 0.9), { size: 8 })).rejects.toMatchObject(bad);
});

describe.each(FORMATS)('a tall %s', (format) => {
  test('that is damaged below the square that a model sees is refused', async () => {
    const [width, height] = [60, 900];
    const noise = Buffer.from(Array.from({ length: width * height * 3 }, (_, i) => (i * 89 + (i >> 5) * 31) % 256));
    const file = await sharp(noise, { raw: { width, height, channels: 3 } })
      .toFormat(format)
      .toBuffer();
    expect((await loadPicture(file, { size: 8 })).crop).toMatchObject({ y: (height - width) / 2, height: width });
    const cut = file.subarray(0, Math.floor(file.length * 0.9));
    await expect(loadPicture(cut, { size: 8 })).rejects.toMatchObject(bad);
  });
});
