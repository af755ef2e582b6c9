import fc from 'fast-check';
import { expect, test } from 'vitest';
import { medianCut } from '../../../src/ui/picture/median-cut.js';

const pixels = fc.array(fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)), { minLength: 1, maxLength: 600 });

test('every pixel has a colour of the palette, and the palette no more than 256', () => {
  fc.assert(
    fc.property(pixels, (colors) => {
      const { indices, palette } = medianCut(Uint8Array.from(colors.flat()));
      expect(indices).toHaveLength(colors.length);
      expect(palette.length / 3).toBeLessThanOrEqual(256);
      for (const index of indices) expect(index * 3).toBeLessThan(palette.length);
    }),
  );
});

test('a colour is the mean of the pixels that have it: the mean of the picture stays', () => {
  fc.assert(
    fc.property(pixels, (colors) => {
      const { indices, palette } = medianCut(Uint8Array.from(colors.flat()));
      for (const channel of [0, 1, 2] as const) {
        const before = colors.reduce((sum, color) => sum + color[channel], 0);
        const after = indices.reduce((sum, index) => sum + palette[index * 3 + channel]!, 0);
        expect(Math.abs(before - after)).toBeLessThanOrEqual(colors.length / 2);
      }
    }),
  );
});

test('few colours are kept as they are', () => {
  const colors = fc.uniqueArray(fc.tuple(fc.nat(31), fc.nat(31), fc.nat(31)), {
    minLength: 1,
    maxLength: 200,
    selector: (color) => color.join(),
  });
  fc.assert(
    fc.property(colors, fc.nat(7), (fives, rest) => {
      const rgb = Uint8Array.from(fives.flat(), (value) => value * 8 + rest);
      const { indices, palette } = medianCut(rgb);
      expect(Uint8Array.from([...indices].flatMap((i) => [...palette.subarray(i * 3, i * 3 + 3)]))).toEqual(rgb);
    }),
  );
});

test('colours that differ more are told apart first', () => {
  // 300 near greys and one red: the red does not vanish among them.
  const greys = Array.from({ length: 300 }, (_, i) => [100 + (i % 8), 100 + (i % 5), 100 + (i % 7)]).flat();
  const { indices, palette } = medianCut(Uint8Array.from([...greys, 255, 0, 0]));
  const last = indices.at(-1)! * 3;
  expect([...palette.subarray(last, last + 3)]).toEqual([255, 0, 0]);
});
