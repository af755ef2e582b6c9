import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasSoundPixelChunks } from '../../../src/model/image/png.js';
import { chunk, headerChunk, pngOf, SIGNATURE } from '../../support/png.js';

const head = [SIGNATURE, headerChunk(4, 4, 8, 0)];
const pixels = ['one', 'two and more', ''].map((text) => chunk('IDAT', Buffer.from(text)));
const end = chunk('IEND', Buffer.alloc(0));

test('whole files, of one chunk or several', () => {
  expect(hasSoundPixelChunks(pngOf(2, 2, 8, 0, Buffer.from([1, 2, 3, 4])))).toBe(true);
  expect(hasSoundPixelChunks(Buffer.concat([...head, ...pixels, end]))).toBe(true);
});

test('any bit of data or checksum that changed, and any end within a chunk of pixels', () => {
  const start = head[0]!.length + head[1]!.length;
  const file = Buffer.concat([...head, pixels[1]!]);
  const [data, length] = [start + 8, file.length - start - 8];
  fc.assert(
    fc.property(fc.integer({ min: 0, max: length - 1 }), fc.integer({ min: 0, max: 7 }), (byte, bit) => {
      const changed = Buffer.from(file);
      changed[data + byte]! ^= 1 << bit;
      expect(hasSoundPixelChunks(changed)).toBe(false);
      expect(hasSoundPixelChunks(file.subarray(0, data + byte))).toBe(false);
    }),
  );
});

test('what is no pixels is not looked at', () => {
  const text = chunk('tEXt', Buffer.from('Title\0none'));
  text[9]! ^= 1;
  expect(hasSoundPixelChunks(Buffer.concat([...head, text, ...pixels, end]))).toBe(true);
  // A reader has all pixels without the last chunk.
  expect(hasSoundPixelChunks(Buffer.concat([...head, ...pixels]))).toBe(true);
  expect(hasSoundPixelChunks(Buffer.concat([...head, ...pixels, end.subarray(0, 5)]))).toBe(true);
});
