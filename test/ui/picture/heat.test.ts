import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { enlargeMap, heatColor, mapOver, OPACITY, overlay } from '../../../src/ui/picture/heat.js';

describe('heatColor', () => {
  test('grows lighter in even steps, by libvips own CIELAB', async () => {
    const colors = Buffer.from(Array.from({ length: 256 }, (_, i) => heatColor(i / 255)).flat());
    const lab = await sharp(colors, { raw: { width: 256, height: 1, channels: 3 } })
      .toColourspace('lab')
      .raw({ depth: 'float' })
      .toBuffer();
    const values = new Float32Array(lab.buffer, lab.byteOffset, lab.length / 4);
    const lightness = Array.from({ length: 256 }, (_, i) => values[i * 3]!);
    expect(lightness[0]).toBeLessThan(20);
    expect(lightness[255]).toBeGreaterThan(88);
    // CIELAB and OKLab do not quite agree on lightness: steps of 16 colours are within half of their mean.
    const steps = Array.from({ length: 16 }, (_, i) => lightness[Math.min(255, (i + 1) * 16)]! - lightness[i * 16]!);
    const mean = steps.reduce((sum, step) => sum + step, 0) / steps.length;
    for (const step of steps) expect(Math.abs(step - mean)).toBeLessThan(mean / 2);
  });

  test('holds values that are out of range at its ends', () => {
    expect(heatColor(-1)).toEqual(heatColor(0));
    expect(heatColor(2)).toEqual(heatColor(1));
  });
});

const maps = fc.integer({ min: 1, max: 9 }).chain((grid) =>
  fc.record({
    grid: fc.constant(grid),
    values: fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: grid * grid, maxLength: grid * grid }),
    scale: fc.integer({ min: 1, max: 6 }),
  }),
);

describe('enlargeMap', () => {
  test('goes through the value of every patch at its centre', () => {
    fc.assert(
      fc.property(maps, ({ grid, values }) => {
        const map = Float32Array.from(values);
        const size = grid * 3; // every patch's centre is a pixel
        const highest = Math.max(...map);
        fc.pre(highest > 1e-6);
        const heat = enlargeMap(map, grid, size);
        for (let patch = 0; patch < map.length; patch++) {
          const x = 3 * (patch % grid) + 1;
          const y = 3 * Math.floor(patch / grid) + 1;
          expect(heat[y * size + x]).toBeCloseTo(map[patch]! / highest, 5);
        }
      }),
    );
  });

  test('has no rings: between patches are only values between theirs', () => {
    fc.assert(
      fc.property(maps, ({ grid, values, scale }) => {
        const map = Float32Array.from(values);
        fc.pre(Math.max(...map) > 1e-6);
        const heat = enlargeMap(map, grid, grid * scale);
        const lowest = Math.min(...map) / Math.max(...map);
        for (const value of heat) {
          expect(value).toBeLessThanOrEqual(1);
          expect(value).toBeGreaterThanOrEqual(lowest - 1e-6);
        }
      }),
    );
  });

  test('one patch covers everything evenly; a map of nothing is nothing', () => {
    expect([...enlargeMap(Float32Array.of(1), 1, 3)]).toEqual(Array(9).fill(1));
    expect([...enlargeMap(new Float32Array(4), 2, 2)]).toEqual([0, 0, 0, 0]);
  });

  test('a step from 0 to 1 is the cubic 3 t^2 - 2 t^3 that Fritsch and Carlson give for it', () => {
    const heat = enlargeMap(Float32Array.of(0, 1, 0, 1), 2, 8);
    // Pixels lie at 1/8, 3/8, 5/8, 7/8 between the centres of the two patches.
    const expected = [0, 0, 1 / 8, 3 / 8, 5 / 8, 7 / 8, 1, 1].map((t) => 3 * t * t - 2 * t ** 3);
    for (const [x, value] of expected.entries()) expect(heat[x]).toBeCloseTo(value, 6);
  });
});

describe('overlay', () => {
  const picture = { size: 2, rgb: Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9) };

  test('opacity 0 is the picture', () => {
    expect(overlay(picture, Float32Array.of(0, 0.5, 1, 1), 0)).toEqual(picture.rgb);
  });

  test('opacity 1 is the colour of the heat where that is highest, and a dark, greyed picture where it is 0', () => {
    const out = overlay(picture, Float32Array.of(1, 0, 0, 0), 1);
    expect([...out.slice(0, 3)]).toEqual([...heatColor(1)]);
    const [r, g, b] = out.slice(3, 6);
    // Green 255: luma 182.4; 70 % of the way to it, then 55 % of the light.
    expect([r, g, b]).toEqual([Math.round(0.55 * 0.7 * 182.376), 112, Math.round(0.55 * 0.7 * 182.376)]);
  });
});

describe('mapOver', () => {
  const picture = { size: 4, rgb: Uint8Array.from({ length: 48 }, (_, i) => i * 5) };
  const map = Float32Array.of(0.7, 0.1, 0.1, 0.1);

  test('a map with a peak is drawn as it is drawn elsewhere', () => {
    expect(mapOver(picture, { map, isFlat: false }, 2)).toEqual(overlay(picture, enlargeMap(map, 2, 4), OPACITY));
  });

  test('one in which no place stands out leaves the picture as it is', () => {
    expect(mapOver(picture, { map, isFlat: true }, 2)).toEqual(picture.rgb);
  });
});
