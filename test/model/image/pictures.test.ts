import { readdirSync, readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openPicture } from '../../../src/model/image/decode.js';
import { fixture } from '../../support/golden.js';

/** What fixtures/pictures/expected.json says about a file; scripts/reference/pictures.py makes it. */
type Expected =
  | { readonly refused: string }
  | { readonly width: number; readonly height: number; readonly pixels: string; readonly within: number };

const { files, pixels } = JSON.parse(readFileSync(fixture('pictures/expected.json'), 'utf8')) as {
  files: Record<string, Expected>;
  pixels: Record<string, string>;
};

async function pixelsOf(name: string) {
  const picture = await openPicture(readFileSync(fixture(`pictures/${name}`)));
  const { width, height } = picture.size;
  return { width, height, rgb: await picture.decode({ left: 0, top: 0, width, height }) };
}

const seen = Object.entries(files).flatMap(([name, file]) => ('refused' in file ? [] : [{ name, ...file }]));
const refused = Object.entries(files).flatMap(([name, file]) => ('refused' in file ? [{ name, ...file }] : []));

describe("pictures as cameras, scanners and editors write them, with Pillow's pixels", () => {
  test.each(seen)('$name', async ({ name, width, height, pixels: key, within }) => {
    const expected = inflateSync(Buffer.from(pixels[key]!, 'base64'));
    const picture = await pixelsOf(name);
    expect(picture).toMatchObject({ width, height });
    expect(picture.rgb).toHaveLength(expected.length);
    const most = picture.rgb.reduce((max, value, i) => Math.max(max, Math.abs(value - expected[i]!)), 0);
    expect(most).toBeLessThanOrEqual(within);
  });

  test.each(refused)('$name is refused', async ({ name, refused: reason }) => {
    await expect(pixelsOf(name)).rejects.toMatchObject({
      name: 'CocaError',
      code: 'bad-image',
      message: expect.stringContaining(reason),
    });
  });

  test('no file is left out', () => {
    const present = readdirSync(fixture('pictures')).filter((name) => name !== 'expected.json');
    expect(Object.keys(files).sort()).toEqual(present.sort());
  });
});
