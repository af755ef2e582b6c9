import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KittyPictures, kittyImage, showKitty } from '../../../src/ui/picture/kitty.js';
import type { Raster } from '../../../src/ui/picture/raster.js';
import { pixelsOf } from '../../support/terminal-pictures.js';
import { VirtualTerminal } from '../../support/virtual-terminal.js';

const rasters = fc
  .integer({ min: 1, max: 60 })
  .chain((size) => fc.uint8Array({ minLength: size * size * 3, maxLength: size * size * 3 }))
  .map((rgb): Raster => ({ size: Math.sqrt(rgb.length / 3), rgb }));

const noise = (size: number): Raster => ({
  size,
  rgb: Uint8Array.from({ length: size * size * 3 }, (_, i) => Math.imul(i + 1, 2654435761) >>> 24),
});

test('what arrives are the same pixels, to be scaled to the cells asked for', async () => {
  await fc.assert(
    fc.asyncProperty(rasters, async (raster) => {
      const terminal = new VirtualTerminal(80, 24)
        .write('ab')
        .write(showKitty(kittyImage(raster, { columns: 8, rows: 4 })));
      expect(terminal.pictures()).toEqual([
        expect.objectContaining({ protocol: 'kitty', row: 0, column: 2, columns: 8, rows: 4 }),
      ]);
      const { width, height, rgb } = await pixelsOf(terminal.pictures()[0]!);
      expect([width, height]).toEqual([raster.size, raster.size]);
      expect(Buffer.from(rgb).equals(raster.rgb)).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test('a large picture comes in chunks, and no command asks for an answer', () => {
  // The virtual terminal throws for a longer chunk, and for a command that it would answer.
  const text = showKitty(kittyImage(noise(100), { columns: 10, rows: 5 }));
  expect(text.match(/\u001b_G/g)!.length).toBeGreaterThan(2);
  expect(new VirtualTerminal(80, 24).write(text).pictures()).toHaveLength(1);
});

describe('pictures on a screen', () => {
  const [one, two, three] = [1, 2, 3].map((size) => kittyImage(noise(size), { columns: 4, rows: 2 })) as [
    ReturnType<typeof kittyImage>,
    ReturnType<typeof kittyImage>,
    ReturnType<typeof kittyImage>,
  ];
  const sizes = (terminal: VirtualTerminal) => terminal.pictures().map(({ keys }) => Number(keys.s));

  test('only what changed is sent; what takes a place replaces what was there; what is not wanted goes', () => {
    const pictures = new KittyPictures();
    const terminal = new VirtualTerminal(80, 24);
    terminal.write(
      pictures.update([
        { row: 1, column: 2, image: one },
        { row: 5, column: 9, image: two },
      ]),
    );
    expect(terminal.pictures()).toEqual([
      expect.objectContaining({ row: 1, column: 2 }),
      expect.objectContaining({ row: 5, column: 9 }),
    ]);

    const changes = pictures.update([
      { row: 1, column: 2, image: three },
      { row: 5, column: 9, image: two },
    ]);
    expect(changes.match(/\u001b_G/g)).toHaveLength(1);
    expect(sizes(terminal.write(changes)).sort()).toEqual([2, 3]);
    expect(
      pictures.update([
        { row: 1, column: 2, image: three },
        { row: 5, column: 9, image: two },
      ]),
    ).toBe('');

    expect(sizes(terminal.write(pictures.update([{ row: 1, column: 2, image: three }])))).toEqual([3]);
    expect(terminal.write(pictures.update([{ row: 7, column: 0, image: three }])).pictures()).toEqual([
      expect.objectContaining({ row: 7, column: 0 }),
    ]);
    expect(terminal.write(pictures.update([])).pictures()).toEqual([]);
    expect(pictures.update([])).toBe('');
  });

  test('whatever the sequence, the terminal shows what was wanted last', () => {
    const placements = fc.array(
      fc.record({
        row: fc.nat(20),
        column: fc.nat(70),
        image: fc.constantFrom(one, two, three),
      }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(fc.array(placements, { minLength: 1, maxLength: 8 }), (steps) => {
        const pictures = new KittyPictures();
        const terminal = new VirtualTerminal(80, 24);
        for (const step of steps) terminal.write(pictures.update(step));
        const key = (row: number, column: number, size: number) => `${row} ${column} ${size}`;
        expect(
          terminal
            .pictures()
            .map(({ row, column, keys }) => key(row, column, Number(keys.s)))
            .sort(),
        ).toEqual(
          steps
            .at(-1)!
            .map(({ row, column, image }) => key(row, column, image.size))
            .sort(),
        );
      }),
    );
  });
});
