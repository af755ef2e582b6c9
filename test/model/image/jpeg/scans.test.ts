import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import sharp, { type JpegOptions } from 'sharp';
import { describe, expect, test } from 'vitest';
import { hasWholeScans } from '../../../../src/model/image/jpeg/scans.js';
import { fixture } from '../../../support/golden.js';

const photograph = readFileSync(fixture('golden/preprocess/coffee.jpg'));
const KINDS: Readonly<Record<string, JpegOptions>> = {
  baseline: {},
  'without subsampling': { chromaSubsampling: '4:4:4', quality: 100 },
  progressive: { progressive: true },
  'progressive, by mozjpeg': { mozjpeg: true },
};
const make = (options: JpegOptions, width = 90, height = 70) =>
  sharp(photograph).resize(width, height, { fit: 'fill' }).jpeg(options).toBuffer();
const END = Buffer.from([0xff, 0xd9]);

describe.each(Object.entries(KINDS))('a JPEG, %s', (_, options) => {
  test('of any size is whole', async () => {
    for (const [width, height] of [
      [1, 1],
      [7, 65],
      [8, 8],
      [17, 16],
      [300, 200],
    ] as const) {
      expect(hasWholeScans(await make(options, width, height)), `${width} x ${height}`).toBe(true);
    }
  });

  test('is not whole when its last scan is cut anywhere, with an end put after it', async () => {
    const file = await make(options);
    const scan = file.lastIndexOf(Buffer.from([0xff, 0xda])) + 2;
    const start = scan + file.readUInt16BE(scan);
    fc.assert(
      fc.property(fc.integer({ min: start, max: file.length - 3 }), (at) => {
        // Not between the two bytes of a stuffed one.
        fc.pre(file[at - 1] !== 0xff);
        expect(hasWholeScans(Buffer.concat([file.subarray(0, at), END]))).toBe(false);
      }),
    );
  });

  test('may be changed in any bytes without an exception', async () => {
    const file = await make(options);
    const changes = fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(changes, (all) => {
        const changed = Buffer.from(file);
        for (const [at, byte] of all) changed[at] = byte;
        expect([true, false, undefined]).toContain(hasWholeScans(changed));
      }),
    );
  });
});

test('a scan may be filled up to a word with zeros', async () => {
  // One block of gray: DC 0, no AC, both coded as a single 0 bit, in tables of one code each.
  const table = (kind: number) => [0xff, 0xc4, 0, 20, kind, 1, ...Array(15).fill(0), 0];
  const file = (...scan: number[]) =>
    Buffer.from([
      ...[0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 8, 0, 8, 1, 1, 0x11, 0],
      ...table(0x00),
      ...table(0x10),
      ...[0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0],
      ...scan,
      ...END,
    ]);
  expect(hasWholeScans(file(0b00111111))).toBe(true);
  expect(hasWholeScans(file(0b00111111, 1, 2, 3))).toBe(true); // stray bytes
  expect(hasWholeScans(file(0, 0, 0, 0))).toBe(true);
  expect(hasWholeScans(file(0, 1, 2, 3))).toBe(false); // bits that no block took
  expect(hasWholeScans(file())).toBe(false);
  expect(hasWholeScans(file(0b01111111))).toBe(false); // an AC code that is none
});

test('more scans than any encoder writes are not gone through', async () => {
  const file = await make({ progressive: true }, 16, 16);
  const first = file.indexOf(Buffer.from([0xff, 0xda]));
  const second = file.indexOf(Buffer.from([0xff, 0xc4]), first);
  const again = (times: number) =>
    Buffer.concat([file.subarray(0, first), ...Array(times).fill(file.subarray(first, second)), file.subarray(second)]);
  expect(hasWholeScans(again(2))).toBe(true);
  expect(hasWholeScans(again(200))).toBe(false);
});

test.each(['jpeg-arithmetic.jpg', 'jpeg-standard-tables.jpg', 'jpeg-12-bits.jpg'])(
  '%s is of a kind that is not read here',
  (name) => {
    expect(hasWholeScans(readFileSync(fixture(`pictures/${name}`)))).toBeUndefined();
  },
);
