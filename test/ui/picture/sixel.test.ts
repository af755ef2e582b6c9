import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SIXEL_SCALES, sixelImage } from '../../../src/ui/picture/sixel.js';
import { pixelsOf } from '../../support/terminal-pictures.js';
import { VirtualTerminal } from '../../support/virtual-terminal.js';

const decoded = (text: string) => pixelsOf(new VirtualTerminal(80, 24).write(text).pictures()[0]!);

const sized = (values: fc.Arbitrary<number>) =>
  fc
    .integer({ min: 1, max: 20 })
    .chain((size) => fc.array(values, { minLength: size * size * 3, maxLength: size * size * 3 }))
    .map((rgb) => ({ size: Math.sqrt(rgb.length / 3), rgb: Uint8Array.from(rgb) }));

/** Colours are sent in whole percents: at most half of one away, and rounded again. */
const PERCENT = 2;

test('a picture of few colours arrives as it is, in pixels of every scale', async () => {
  const rasters = sized(fc.constantFrom(0, 51, 102, 153, 204, 255));
  await fc.assert(
    fc.asyncProperty(rasters, fc.constantFrom(...SIXEL_SCALES), async (raster, scale) => {
      const colors = new Set(
        Array.from({ length: raster.size ** 2 }, (_, i) => raster.rgb.subarray(i * 3, i * 3 + 3).join()),
      );
      fc.pre(colors.size <= 256);
      const { width, height, rgb } = await decoded(sixelImage(raster, scale));
      const side = raster.size * scale;
      expect([width, height]).toEqual([side, side]);
      for (let y = 0; y < side; y++) {
        for (let x = 0; x < side; x++) {
          const from = (Math.floor(y / scale) * raster.size + Math.floor(x / scale)) * 3;
          const at = (y * side + x) * 3;
          for (let i = 0; i < 3; i++)
            expect(Math.abs(rgb[at + i]! - raster.rgb[from + i]!)).toBeLessThanOrEqual(PERCENT);
        }
      }
    }),
    { numRuns: 30 },
  );
});

test('a smooth picture of thousands of colours arrives nearly as it is', async () => {
  const size = 96;
  const rgb = Uint8Array.from({ length: size * size * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return [((pixel % size) * 255) / size, (Math.floor(pixel / size) * 255) / size, 90][i % 3]!;
  });
  const found = await decoded(sixelImage({ size, rgb }, 1));
  const errors = rgb.map((value, i) => Math.abs(value - found.rgb[i]!));
  expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(5);
  expect(Math.max(...errors)).toBeLessThan(32);
});
