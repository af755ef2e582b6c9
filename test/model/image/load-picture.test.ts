import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { Budget } from '../../../src/model/image/budget.js';
import {
  loadPicture,
  MAX_PIXELS,
  normalise,
  type PictureOptions,
  SUPPORTED_FORMATS,
  sniffImage,
} from '../../../src/model/image/load-picture.js';
import { axis } from '../../../src/model/image/resample/axis.js';
import { resample } from '../../../src/model/image/resample/resample.js';
import { fixture } from '../../support/golden.js';
import { pngOf } from '../../support/png.js';

const golden = (name: string): Buffer => readFileSync(fixture(`golden/preprocess/${name}`));
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const hashes = JSON.parse(readFileSync(fixture('golden/preprocess-hashes.json'), 'utf8'));

/** Mean and largest absolute difference. */
function difference(a: Uint8Array, b: Uint8Array): { mean: number; max: number } {
  expect(a).toHaveLength(b.length);
  let sum = 0;
  let max = 0;
  a.forEach((value, i) => {
    const d = Math.abs(value - b[i]!);
    sum += d;
    max = Math.max(max, d);
  });
  return { mean: sum / a.length, max };
}

/** A picture of WIDTH x HEIGHT with something different everywhere, and a file of it. */
const WIDTH = 50;
const HEIGHT = 40;
const noise = Buffer.from(Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => (i * 89 + (i >> 5) * 31) % 256));
const raw = (pixels: Buffer, channels: 1 | 2 | 3 | 4 = 3): Sharp =>
  sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels } });
const LOSSLESS: Readonly<Record<string, (image: Sharp) => Sharp>> = {
  png: (image) => image.png(),
  webp: (image) => image.webp({ lossless: true }),
  tiff: (image) => image.tiff({ compression: 'lzw' }),
};

describe("OpenCLIP's transform", () => {
  test.each([
    'chelsea.jpg',
    'coffee.jpg',
    'rocket.jpg',
    'coffee_wide.jpg',
    'chelsea_small.png',
    'chelsea_tall.png',
    'chelsea_gray.png',
  ])('%s to 224', async (name) => {
    const expected = await sharp(golden(`${name.replace('.', '_')}.expected224.png`))
      .raw()
      .toBuffer();
    const picture = await loadPicture(golden(name), { size: 224 });
    const { mean, max } = difference(picture.rgb, expected);
    // JPEG decoders may differ in the last bit; the resampling itself is Pillow's, bit for bit.
    const lossless = name.endsWith('.png');
    expect(mean).toBeLessThanOrEqual(lossless ? 0 : 0.5);
    expect(max).toBeLessThanOrEqual(lossless ? 0 : 8);
  });

  test('all scenes to 96, bit for bit', async () => {
    for (const [name, hash] of Object.entries(hashes.scenes.sha256)) {
      const picture = await loadPicture(readFileSync(fixture(`scenes/${name}`)), { size: hashes.scenes.size });
      expect(sha256(picture.rgb), name).toBe(hash);
    }
  });

  const modes = hashes.modes as (Required<PictureOptions> & { image: string; sha256: string })[];
  test.each(modes.filter(({ image }) => image.endsWith('.png')))(
    '$image, $resizeMode, $interpolation, to $size, bit for bit',
    async ({ image, sha256: hash, ...options }) => {
      expect(sha256((await loadPicture(golden(image), options)).rgb)).toBe(hash);
    },
  );

  test('the crop in source pixels', async () => {
    const of = async (options: PictureOptions) => (await loadPicture(golden('chelsea_small.png'), options)).crop;
    expect(await of({ size: 45 })).toEqual({ x: 8, y: 0, width: 45, height: 45 }); // (60 - 45) / 2 = 7.5, to even
    expect(await of({ size: 30, resizeMode: 'squash' })).toEqual({ x: 0, y: 0, width: 60, height: 45 });
    const longest = await of({ size: 30, resizeMode: 'longest' });
    expect(longest.width).toBe(60);
    expect(longest.y).toBeLessThan(0);
    const { source } = await loadPicture(golden('chelsea_small.png'), { size: 8 });
    expect(source).toEqual({ width: 60, height: 45 });
  });
});

describe('resampling', () => {
  test('the same size changes nothing', () => {
    const source = Uint8Array.from(noise);
    for (const interpolation of ['bicubic', 'bilinear'] as const) {
      const columns = axis(WIDTH, WIDTH, 0, WIDTH, interpolation);
      const rows = axis(HEIGHT, HEIGHT, 0, HEIGHT, interpolation);
      expect(resample(source, columns, rows)).toEqual(source);
    }
  });

  test('an even colour stays, at any size', () => {
    const side = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(side, side, side, fc.integer({ min: 0, max: 255 }), (width, height, size, value) => {
        const columns = axis(width, size, 0, size, 'bicubic');
        const rows = axis(height, size, 0, size, 'bicubic');
        const out = resample(new Uint8Array(width * height * 3).fill(value), columns, rows);
        expect(out.every((byte) => byte === value)).toBe(true);
      }),
    );
  });

  test('a part is that part of the whole', () => {
    const whole = axis(300, 40, 0, 40, 'bicubic');
    const part = axis(300, 40, 10, 5, 'bicubic');
    for (let i = 0; i < 5; i++) {
      const weights = (of: typeof whole, at: number) => [
        ...of.weights.subarray(at * of.taps, at * of.taps + of.lengths[at]!),
      ];
      expect(weights(part, i)).toEqual(weights(whole, i + 10));
      expect(part.start + part.offsets[i]!).toBe(whole.start + whole.offsets[i + 10]!);
    }
  });
});

describe('kinds of pictures', () => {
  test.each(SUPPORTED_FORMATS)('%s', async (format) => {
    const file = await sharp(golden('coffee.jpg')).resize(90, 60).toFormat(format, { quality: 95 }).toBuffer();
    expect(sniffImage(file)).toBe(format);
    const picture = await loadPicture(file, { size: 32 });
    const original = await loadPicture(golden('coffee.jpg'), { size: 32 });
    expect(picture.source).toEqual({ width: 90, height: 60 });
    expect(difference(picture.rgb, original.rgb).mean).toBeLessThan(6); // lossy, 256 colours, resized twice
  });

  test.each(Object.keys(LOSSLESS))('%s turned in all eight ways of EXIF', async (format) => {
    const upright = await loadPicture(await LOSSLESS[format]!(raw(noise)).toBuffer(), { size: 24 });
    // The stored picture that becomes the upright one when an orientation is applied: its inverse, done by hand.
    const [w, h] = [WIDTH, HEIGHT];
    const stored: readonly ((x: number, y: number) => readonly [number, number])[] = [
      (x, y) => [x, y],
      (x, y) => [w - 1 - x, y],
      (x, y) => [w - 1 - x, h - 1 - y],
      (x, y) => [x, h - 1 - y],
      (x, y) => [y, x],
      (x, y) => [y, w - 1 - x],
      (x, y) => [h - 1 - y, w - 1 - x],
      (x, y) => [h - 1 - y, x],
    ];
    for (const [i, place] of stored.entries()) {
      const width = i < 4 ? w : h;
      const height = i < 4 ? h : w;
      const pixels = Buffer.alloc(noise.length);
      for (let y = 0; y < h; y++) {
        for (let x = 0; x < w; x++) {
          const [sx, sy] = place(x, y);
          noise.copy(pixels, (sy * width + sx) * 3, (y * w + x) * 3, (y * w + x) * 3 + 3);
        }
      }
      const image = sharp(pixels, { raw: { width, height, channels: 3 } }).withMetadata({ orientation: i + 1 });
      const picture = await loadPicture(await LOSSLESS[format]!(image).toBuffer(), { size: 24 });
      expect(picture, `orientation ${i + 1}`).toEqual(upright);
    }
  });

  test('alpha is laid over white', async () => {
    const { data, info } = await sharp(golden('chelsea_rgba.png')).raw().toBuffer({ resolveWithObject: true });
    expect(info.channels).toBe(4);
    const flat = Uint8Array.from({ length: info.width * info.height * 3 }, (_, i) => {
      const pixel = Math.floor(i / 3) * 4;
      const alpha = data[pixel + 3]! / 255;
      return Math.round(data[pixel + (i % 3)]! * alpha + 255 * (1 - alpha));
    });
    const picture = await loadPicture(golden('chelsea_rgba.png'), { size: info.width });
    expect(picture.rgb).toEqual(flat);
  });

  test('CMYK, as Adobe writes it, is close to the photograph it was made from', async () => {
    const cmyk = await loadPicture(golden('chelsea_cmyk.jpg'), { size: 100, resizeMode: 'squash' });
    const original = await loadPicture(golden('chelsea.jpg'), { size: 100, resizeMode: 'squash' });
    expect(difference(cmyk.rgb, original.rgb).mean).toBeLessThan(3);
  });

  test.each([
    ['gray', 0, 1],
    ['RGB', 2, 3],
    ['gray and alpha', 4, 2],
    ['RGB and alpha', 6, 4],
  ] as const)('16 bits of %s', async (_, colourType, channels) => {
    // High byte: what must be seen. Low byte: anything. Alpha: opaque.
    const samples = Array.from({ length: 16 * 16 * channels }, (_, i) =>
      channels % 2 === 0 && i % channels === channels - 1 ? 0xffff : (i % 256) * 256 + ((i * 7) % 256),
    );
    const bytes = Buffer.from(samples.flatMap((sample) => [sample >> 8, sample & 255]));
    const picture = await loadPicture(pngOf(16, 16, 16, colourType, bytes), { size: 16 });
    const colours = channels >= 3 ? 3 : 1;
    picture.rgb.forEach((value, i) => {
      const pixel = Math.floor(i / 3);
      expect(value).toBe(samples[pixel * channels + ((i % 3) % colours)]! >> 8);
    });
  });

  test('AVIF of 10 bits', async () => {
    const file = await sharp(golden('coffee.jpg')).resize(64, 64).avif({ bitdepth: 10, quality: 95 }).toBuffer();
    const eight = await sharp(golden('coffee.jpg')).resize(64, 64).png().toBuffer();
    const [a, b] = [await loadPicture(file, { size: 64 }), await loadPicture(eight, { size: 64 })];
    expect(difference(a.rgb, b.rgb).mean).toBeLessThan(3);
  });

  test('a palette with transparency', async () => {
    const pixels = Buffer.alloc(WIDTH * HEIGHT * 4);
    for (let i = 0; i < WIDTH * HEIGHT; i++) pixels.set(i % 2 ? [200, 10, 30, 255] : [0, 0, 0, 0], i * 4);
    const file = await raw(pixels, 4).png({ palette: true }).toBuffer();
    expect((await sharp(file).metadata()).isPalette).toBe(true);
    const { rgb } = await loadPicture(file, { size: HEIGHT });
    const seen = new Set(Array.from({ length: rgb.length / 3 }, (_, i) => rgb.subarray(i * 3, i * 3 + 3).join()));
    expect([...seen].sort()).toEqual(['200,10,30', '255,255,255']);
  });

  test.each(['gif', 'webp'] as const)('of an animated %s the first frame', async (format) => {
    const frames = Buffer.concat([noise, Buffer.alloc(noise.length, 200)]);
    const options = { width: WIDTH, height: 2 * HEIGHT, channels: 3, pageHeight: HEIGHT } as const;
    const file = await sharp(frames, { raw: options }).toFormat(format, { lossless: true }).toBuffer();
    expect((await sharp(file).metadata()).pages).toBe(2);
    const alone = await raw(noise).toFormat(format, { lossless: true }).toBuffer();
    expect(await loadPicture(file, { size: 20 })).toEqual(await loadPicture(alone, { size: 20 }));
  });

  test('1 x 1, and strips whose resized form would be millions of pixels long', async () => {
    const strip = (width: number, height: number) =>
      sharp({ create: { width, height, channels: 3, background: '#123456' } })
        .png()
        .toBuffer();
    for (const [width, height] of [
      [1, 1],
      [30000, 1],
      [1, 30000],
    ] as const) {
      for (const resizeMode of ['shortest', 'squash', 'longest'] as const) {
        const picture = await loadPicture(await strip(width, height), { size: 224, resizeMode });
        expect(picture.rgb).toHaveLength(224 * 224 * 3);
        const middle = (112 * 224 + 112) * 3;
        // One line of a longest picture, somewhere near the middle.
        if (resizeMode !== 'longest') expect([...picture.rgb.subarray(middle, middle + 3)]).toEqual([0x12, 0x34, 0x56]);
        else expect(picture.rgb).toContain(0x34);
      }
    }
  });
});

describe('what is no whole picture', () => {
  const bad = (message: RegExp) => ({ name: 'CocaError', code: 'bad-image', message: expect.stringMatching(message) });

  test.each<[string, RegExp]>([
    ['', /an empty file/],
    ['a dog', /it is text/],
    ['#!/bin/sh\nrm -rf /', /a script/],
    ['<!DOCTYPE html><html><body>404</body></html>', /an HTML page/],
    ['\n<!-- made by hand -->\n<html>', /an HTML page/],
    [
      '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><image href="/etc/passwd"/></svg>',
      /an SVG drawing/,
    ],
    ['<svg viewBox="0 0 1 1"/>', /an SVG drawing/],
    ['<?xml version="1.0"?><note/>', /an XML document/],
    ['%PDF-1.7\n', /a PDF document/],
    ['\xb6\xa6\xf2\x08\0\0\0\x10', /a libvips image/],
    ['BM\x46\0\0\0\0\0\0\0\x36\0', /a BMP picture/],
    ['\0\0\0\x18ftypheic\0\0\0\0mif1heic', /a HEIC picture/],
    ['\0\0\0\x18ftypisom\0\0\0\0isommp41', /a video/],
    ['PK\x03\x04\x14\0', /a ZIP archive/],
    ['version https://git-lfs.github.com/spec/v1\noid sha256:0', /a Git LFS pointer/],
    ['\0\x01\x02\x03\x04\x05\x06\x07', /of an unknown kind/],
  ])('%j', async (content, message) => {
    await expect(loadPicture(Buffer.from(content, 'latin1'), { size: 8 })).rejects.toMatchObject(bad(message));
  });

  test('bytes are told by what they are, whatever they are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        if (sniffImage(bytes) === undefined) {
          await expect(loadPicture(bytes, { size: 8 })).rejects.toMatchObject(bad(/not a picture/));
        }
      }),
    );
  });

  describe.each(SUPPORTED_FORMATS)('%s cut short', (format) => {
    test.each([0.05, 0.3, 0.6, 0.9, 0.98])('at %d of its length', async (part) => {
      const file = await sharp(golden('coffee.jpg')).resize(300, 200).toFormat(format).toBuffer();
      const cut = file.subarray(0, Math.floor(file.length * part));
      await expect(loadPicture(cut, { size: 8 })).rejects.toMatchObject(bad(/cannot decode this|not a picture/));
    });
  });

  describe.each(['baseline', 'progressive'])('a %s JPEG', (kind) => {
    const make = () =>
      sharp(golden('coffee.jpg'))
        .resize(300, 200)
        .jpeg({ progressive: kind === 'progressive' })
        .toBuffer();
    const scanOf = (file: Buffer) => file.indexOf(Buffer.from([0xff, 0xda])) + 14;

    test('with a marker in the middle of a scan', async () => {
      const file = await make();
      file.set([0xff, 0xd7], scanOf(file) + 300);
      await expect(loadPicture(file, { size: 8 })).rejects.toMatchObject(bad(/cannot decode this JPEG/));
    });

    test('is sound with stray bytes or filling between its segments', async () => {
      const file = await make();
      const whole = await loadPicture(file, { size: 20 });
      for (const marker of [0xc0, 0xc2, 0xc4, 0xda]) {
        const at = file.indexOf(Buffer.from([0xff, marker]));
        if (at < 0) continue; // a frame is of one kind or the other
        for (const stray of [
          [1, 2, 3, 4],
          [0xff, 0xff, 0xff],
          [0xff, 0x00, 9],
          [7, 0xff, 0xff],
        ]) {
          const odd = Buffer.concat([file.subarray(0, at), Buffer.from(stray), file.subarray(at)]);
          expect(await loadPicture(odd, { size: 20 })).toEqual(whole);
        }
      }
    });
  });

  test('a progressive JPEG with codes that are none (all ones)', async () => {
    const file = await sharp(golden('coffee.jpg')).resize(300, 200).jpeg({ progressive: true }).toBuffer();
    const scan = file.indexOf(Buffer.from([0xff, 0xda])) + 14;
    file.fill(Buffer.from([0xff, 0x00]), scan + 400, scan + 440);
    await expect(loadPicture(file, { size: 8 })).rejects.toMatchObject(bad(/cannot decode this JPEG/));
  });

  test('a signature and nothing else', async () => {
    for (const start of ['\xff\xd8\xff', '\x89PNG\r\n\x1a\n', 'GIF89a', 'RIFF\0\0\0\0WEBP', 'II*\0', 'MM\0*']) {
      await expect(loadPicture(Buffer.from(start, 'latin1'), { size: 8 })).rejects.toMatchObject(bad(/cannot decode/));
    }
  });

  test('a GIF whose second frame is broken or missing still shows its first', async () => {
    const frames = Buffer.concat([noise, Buffer.from(noise).reverse()]);
    const options = { width: WIDTH, height: 2 * HEIGHT, channels: 3, pageHeight: HEIGHT } as const;
    const file = await sharp(frames, { raw: options }).gif().toBuffer();
    const whole = await loadPicture(file, { size: 20 });
    const broken = Buffer.from(file).fill(0x55, file.length - 600, file.length - 100);
    expect(await loadPicture(broken, { size: 20 })).toEqual(whole);
    expect(await loadPicture(file.subarray(0, file.length - 600), { size: 20 })).toEqual(whole);
  });

  test('too many pixels, before any of them is decoded', async () => {
    // 200 megapixels of which the file holds none: only the header can be what refuses it.
    const file = pngOf(20000, 10000, 8, 2, Buffer.alloc(0));
    await expect(loadPicture(file, { size: 8 })).rejects.toMatchObject(bad(/20000 x 10000 .* 120 million/));
    expect(20000 * 10000).toBeGreaterThan(MAX_PIXELS);
  });

  test('samples that have no 8-bit meaning', async () => {
    const file = await raw(noise).toColourspace('scrgb').tiff({ compression: 'none' }).toBuffer();
    await expect(loadPicture(file, { size: 8 })).rejects.toMatchObject(bad(/float/));
  });
});

test('work that costs more than there is room for takes turns', async () => {
  const budget = new Budget(10);
  let used = 0;
  let most = 0;
  const order: number[] = [];
  const run = (name: number, cost: number) =>
    budget.spend(cost, async () => {
      used += cost;
      most = Math.max(most, used);
      order.push(name);
      await new Promise((done) => setImmediate(done));
      used -= cost;
      if (name === 1) throw new Error('it failed');
    });
  const outcomes = await Promise.allSettled([run(0, 4), run(1, 4), run(2, 10), run(3, 1), run(4, 9), run(5, 2)]);
  expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([true, false, true, true, true, true]);
  expect(order).toEqual([0, 1, 2, 3, 4, 5]);
  expect(most).toBe(10);
});

describe('normalise', () => {
  test('gives [B, 3, size, size] in float32 steps', () => {
    const picture = (values: readonly number[]) => ({
      source: { width: 2, height: 1 },
      crop: { x: 0, y: 0, width: 1, height: 1 },
      size: 1,
      rgb: Uint8Array.from(values),
    });
    const mean = [0.48145466, 0.4578275, 0.40821073];
    const std = [0.26862954, 0.26130258, 0.27577711];
    const out = normalise([picture([0, 128, 255]), picture([7, 8, 9])], mean, std);
    // torch: (torch.tensor(x, dtype=uint8).float().div(255) - mean) / std, in float32
    const f = Math.fround;
    const expected = [0, 128, 255, 7, 8, 9].map((x, i) => f(f(f(x / 255) - f(mean[i % 3]!)) / f(std[i % 3]!)));
    expect([...out]).toEqual(expected);
    expect(out[0]).toBeCloseTo(-1.7922625, 6);
    expect(out[2]).toBeCloseTo(2.1458969, 6);
  });

  test('keeps channels apart', () => {
    const rgb = Uint8Array.from({ length: 12 }, (_, i) => i);
    const picture = { source: { width: 2, height: 2 }, crop: { x: 0, y: 0, width: 2, height: 2 }, size: 2, rgb };
    const out = normalise([picture], [0, 0, 0], [1 / 255, 1 / 255, 1 / 255]);
    expect([...out].map(Math.round)).toEqual([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
  });
});
