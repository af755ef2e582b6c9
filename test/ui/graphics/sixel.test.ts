import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SIXEL_SCALES, sixelImage } from '../../../src/ui/graphics/sixel.js';
import { pixelsOf } from '../../support/terminal-pictures.js';
import { VirtualTerminal } from '../../support/virtual-terminal.js';

const decoded = (text: string) => pixelsOf(new VirtualTerminal(80, 24).write(text).pictures()[0]!);

const sized = (values: fc.Arbitrary<number>) =>
  fc
    .integer({ min: 1, max: 20 })
    .chain((size) => fc.array(values, { minLength: size * size * 3, maxLength: size * size * 3 }))
    .map((rgb) => ({ size: Math.sqrt(rgb.length / 3), rgb: Uint8Array.from(rgb) }));

test('colours of the palette arrive as they are, in pixels of every scale', async () => {
  const rasters = sized(fc.constantFrom(0, 51, 102, 153, 204, 255));
  await fc.assert(
    fc.asyncProperty(rasters, fc.constantFrom(...SIXEL_SCALES), async (raster, scale) => {
      const { width, height, rgb } = await decoded(sixelImage(raster, scale));
      const side = raster.size * scale;
      expect([width, height]).toEqual([side, side]);
      for (let y = 0; y < side; y++) {
        for (let x = 0; x < side; x++) {
          const from = (Math.floor(y / scale) * raster.size + Math.floor(x / scale)) * 3;
          const at = (y * side + x) * 3;
          expect([...rgb.subarray(at, at + 3)]).toEqual([...raster.rgb.subarray(from, from + 3)]);
        }
      }
    }),
    { numRuns: 30 },
  );
});

test('other colours are mixed from the two nearest levels of each channel', async () => {
  await fc.assert(
    fc.asyncProperty(sized(fc.integer({ min: 0, max: 255 })), async (raster) => {
      const { rgb } = await decoded(sixelImage(raster, 1));
      for (const [i, value] of raster.rgb.entries()) expect(Math.abs(rgb[i]! - value)).toBeLessThan(51);
    }),
    { numRuns: 30 },
  );
});

test('an area has its mean colour', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 255 }), async (value) => {
      const { rgb } = await decoded(sixelImage({ size: 4, rgb: new Uint8Array(48).fill(value) }, 1));
      const mean = rgb.reduce((sum, channel) => sum + channel, 0) / rgb.length;
      // Sixteen thresholds tell sixteen steps between two levels apart.
      expect(Math.abs(mean - value)).toBeLessThanOrEqual(51 / 32 + 0.01);
    }),
  );
});
