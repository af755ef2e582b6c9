import { describe, expect, test } from 'vitest';
import { bytesText } from '../../src/ui/status.js';
import { Rate, transferText } from '../../src/ui/transfer.js';

describe('bytes', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [13_928_962, '13.9 MB'],
    [999_499, '999 kB'],
    [999_500, '1.00 MB'],
    [1_014_240_260, '1.01 GB'],
    [2.5e15, '2.50e+3 TB'],
  ])('%i is %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });
});

describe('rates', () => {
  test('nothing is said before two moments are known', () => {
    const rate = new Rate();
    expect(rate.perSecond).toBe(0);
    rate.add(100, 0);
    expect(rate.perSecond).toBe(0);
    rate.add(300, 1000);
    expect(rate.perSecond).toBe(200);
  });

  test('what is longer ago than five seconds does not count', () => {
    const rate = new Rate();
    for (let second = 0; second <= 20; second++) rate.add(second * 1000, second * 1000);
    for (let second = 21; second <= 40; second++) rate.add(20_000 + (second - 20) * 10, second * 1000);
    expect(rate.perSecond).toBeCloseTo(10);
  });

  test('in words', () => {
    expect(transferText(412e6, 1.01e9, 24.1e6)).toBe('412 MB of 1.01 GB · 24.1 MB/s · 25 s left');
    expect(transferText(0, 1000, 0)).toBe('0 B of 1.00 kB');
    expect(transferText(1000, 1000, 10)).toBe('1.00 kB of 1.00 kB · 10 B/s');
  });
});
