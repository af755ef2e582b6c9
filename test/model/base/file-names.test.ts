import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeName, encodeName } from '../../../src/model/base/file-names.js';

describe('names', () => {
  it.each<[string, number[], string]>([
    ['ASCII', [0x61], 'a'],
    ['UTF-8', [0xc3, 0xa9], 'é'],
    ['Latin-1', [0x61, 0xe9, 0x62], 'a\udce9b'],
    ['a cut sequence', [0xe2, 0x82], '\udce2\udc82'],
    ['an encoded surrogate', [0xed, 0xa0, 0x80], '\udced\udca0\udc80'],
    ['an overlong slash', [0xc0, 0xaf], '\udcc0\udcaf'],
  ])('%s', (_, bytes, text) => {
    expect(decodeName(Buffer.from(bytes))).toBe(text);
  });

  it('come back byte for byte', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(Buffer.from(encodeName(decodeName(Buffer.from(bytes))))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  it('are unlike for unlike bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        const same = Buffer.compare(a, b) === 0;
        expect(decodeName(Buffer.from(a)) === decodeName(Buffer.from(b))).toBe(same);
      }),
    );
  });
});
