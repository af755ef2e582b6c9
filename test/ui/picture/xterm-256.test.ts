import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pictureLines } from '../../../src/ui/picture/blocks.js';
import { dithered, xtermColor } from '../../../src/ui/picture/xterm-256.js';
import { VirtualTerminal } from '../../support/virtual-terminal.js';

/** `size` x `size` pixels of one colour. */
const even = (color: readonly number[], size = 8) =>
  Uint8Array.from({ length: size * size * 3 }, (_, i) => color[i % 3]!);

describe('the 256 colours of xterm', () => {
  test('are a cube and greys, as its palette file has them', () => {
    // 256colres.pl of xterm: (level ? level * 40 + 55 : 0), and level * 10 + 8.
    expect([16, 21, 46, 196, 231, 232, 255, 139].map(xtermColor)).toEqual([
      [0, 0, 0],
      [0, 0, 255],
      [0, 255, 0],
      [255, 0, 0],
      [255, 255, 255],
      [8, 8, 8],
      [238, 238, 238],
      [175, 135, 175],
    ]);
  });

  test('a colour of the palette stays as it is', () => {
    for (let index = 16; index < 256; index++) {
      const drawn = new Set([...dithered(even(xtermColor(index)), 8)].map((one) => xtermColor(one).join()));
      expect(drawn, String(index)).toEqual(new Set([xtermColor(index).join()]));
    }
  });

  test('none is one of the first 16, which a theme may set to anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 48, maxLength: 48 }), (rgb) =>
        dithered(rgb, 4).every((index) => index >= 16),
      ),
      { numRuns: 50 },
    );
  });

  test('a slow ramp has no bands: its means follow it more closely than nearest colours do', () => {
    const columns = 64;
    const ramp = Uint8Array.from({ length: columns * 8 * 3 }, (_, i) => 120 + (Math.floor(i / 3) % columns));
    // Blue is held, so that greys alone do not do.
    for (let i = 2; i < ramp.length; i += 3) ramp[i] = 175;
    const indices = dithered(ramp, columns);
    const steps = Array.from({ length: columns / 4 }, (_, block) => {
      let sum = 0;
      for (let y = 0; y < 8; y++)
        for (let x = 0; x < 4; x++) sum += xtermColor(indices[y * columns + block * 4 + x]!)[1];
      return sum / 32;
    });
    // A single step of the cube is 40 levels; between it and the next there are means in between.
    const between = steps.filter((mean) => ![95, 135, 175, 215].includes(mean));
    expect(between.length).toBeGreaterThan(2);
    for (const [block, mean] of steps.entries()) expect(Math.abs(mean - (121.5 + 4 * block))).toBeLessThan(24);
  });

  test('even ground is drawn by colours that are close to it', () => {
    fc.assert(
      fc.property(fc.tuple(...([0, 1, 2] as const).map(() => fc.integer({ min: 0, max: 255 }))), (color) => {
        const used = [...new Set(dithered(even(color), 8))].map(xtermColor);
        expect(used.length).toBeLessThanOrEqual(2);
        if (used.length === 2) {
          const [a, b] = used as unknown as [readonly number[], readonly number[]];
          // Never more than one step of the cube in any channel, or two greys.
          for (let c = 0; c < 3; c++) expect(Math.abs(a[c]! - b[c]!)).toBeLessThanOrEqual(95);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('a picture in cells keeps to them', () => {
    const lines = pictureLines({ size: 8, rgb: even([240, 172, 205]) }, 8, '256');
    const screen = new VirtualTerminal(20, 5).write(lines.join('\r\n'));
    for (let row = 0; row < 4; row++) expect(screen.cell(row, 3).style).toMatch(/^([34]8;5;\d+ )+$/);
    expect(lines.join('')).not.toMatch(/;2;/);
  });
});
