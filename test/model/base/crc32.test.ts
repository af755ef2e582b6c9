import { expect, test } from 'vitest';
import { crc32 } from '../../../src/model/base/crc32.js';

test('is the check value of the standard, and goes on from where it stopped', () => {
  const bytes = Buffer.from('123456789');
  expect(crc32(bytes)).toBe(0xcbf43926);
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut)))).toBe(0xcbf43926);
  }
  expect(crc32(new Uint8Array(0))).toBe(0);
  expect(crc32(new Uint8Array(32).fill(0xff))).toBe(0xff6cab0b);
});
