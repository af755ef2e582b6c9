import { describe, expect, it } from 'vitest';
import { drawPicture } from '../../../src/ui/picture/draw.js';
import { type Raster, shrink } from '../../../src/ui/picture/raster.js';
import { pixelsOf } from '../../support/terminal-pictures.js';
import { VirtualTerminal } from '../../support/virtual-terminal.js';

/** Left half red, right half blue. */
function halves(size: number): Raster {
  const rgb = new Uint8Array(size * size * 3);
  for (let i = 0; i < size * size; i++) rgb[i * 3 + (i % size < size / 2 ? 0 : 2)] = 255;
  return { size, rgb };
}

describe('shrink', () => {
  it('takes the mean of each area', () => {
    const checker: Raster = { size: 2, rgb: Uint8Array.from([0, 0, 0, 255, 255, 255, 255, 255, 255, 0, 0, 0]) };
    expect([...shrink(checker, 1, 1)]).toEqual([128, 128, 128]);
    expect([...shrink(checker, 2, 2)]).toEqual([...checker.rgb]);
  });

  it('repeats pixels where there are too few', () => {
    expect([...shrink({ size: 1, rgb: Uint8Array.from([1, 2, 3]) }, 2, 1)]).toEqual([1, 2, 3, 1, 2, 3]);
  });
});

describe('drawPicture', () => {
  /** Colours of both pixels of each cell, upper and lower, as a terminal shows them. */
  const pixels = (text: string, columns: number, rows: number) => {
    const screen = new VirtualTerminal(80, 24).write(text);
    return Array.from({ length: rows }, (_, row) =>
      Array.from({ length: columns }, (_, column) => {
        const { text: char, style } = screen.cell(row, column);
        const color = (name: string) =>
          style
            .split(' ')
            .findLast((set) => set.startsWith(name))
            ?.slice(3);
        const [inked, blank] = [color('38'), color('48')];
        return char === '▀' ? [inked, blank] : char === '▄' ? [blank, inked] : [];
      }),
    );
  };

  it('draws two pixels a character', async () => {
    const text = await drawPicture(halves(8), 'blocks', 4, 'any');
    const [red, blue] = ['2;255;0;0', '2;0;0;255'];
    const row = [red, red, blue, blue].map((color) => [color, color]);
    expect(pixels(text, 4, 2)).toEqual([row, row]);
    expect(text.match(/\n/g)).toHaveLength(2);
    expect(text.endsWith('\n')).toBe(true);
  });

  it('tells the upper pixel of a character from the lower', async () => {
    const rgb = Uint8Array.from({ length: 4 * 4 * 3 }, (_, i) => 10 * Math.floor(i / 12) + (i % 3));
    const text = await drawPicture({ size: 4, rgb }, 'blocks', 4, 'any');
    const row = (above: number, below: number) =>
      Array(4).fill([above, below].map((value) => `2;${value};${value + 1};${value + 2}`));
    expect(pixels(text, 4, 2)).toEqual([row(0, 10), row(20, 30)]);
  });

  it('draws in means of areas, whatever does not divide', async () => {
    const size = 23;
    const rgb = Uint8Array.from({ length: size * size * 3 }, (_, i) => Math.imul(i + 1, 2654435761) >>> 24);
    const text = await drawPicture({ size, rgb }, 'blocks', 10, 'any');
    const expected = shrink({ size, rgb }, 10, 10);
    const at = (x: number, y: number) => `2;${expected.subarray(3 * (10 * y + x), 3 * (10 * y + x) + 3).join(';')}`;
    expect(pixels(text, 10, 5)).toEqual(
      Array.from({ length: 5 }, (_, row) => Array.from({ length: 10 }, (_, x) => [at(x, 2 * row), at(x, 2 * row + 1)])),
    );
  });

  it.each([
    ['256', '5;196'],
    ['any', '2;255;0;0'],
  ] as const)('keeps to %s colours, whatever was drawn before', async (colors, red) => {
    await drawPicture(halves(8), 'blocks', 4, 'any');
    expect(pixels(await drawPicture(halves(8), 'blocks', 4, colors), 1, 1)).toEqual([[[red, red]]]);
  });

  it('keeps to 16 colours', async () => {
    const text = await drawPicture(halves(8), 'blocks', 4, '16');
    expect(text).not.toMatch(/[34]8;/);
    expect(text).toContain('\u001b[91m');
    expect(text).toContain('\u001b[101m');
  });

  it('draws brightness without colours', async () => {
    const white: Raster = { size: 4, rgb: new Uint8Array(48).fill(255) };
    expect(await drawPicture(white, 'blocks', 4, 'none')).toBe('████\n████\n');
  });

  it('draws nothing where there is no room', async () => {
    expect(await drawPicture(halves(8), 'blocks', 0, 'any')).toBe('');
    expect(await drawPicture(halves(8), 'none', 40, 'any')).toBe('');
  });

  const terminal = (text: string) => new VirtualTerminal(80, 24).write(text);

  it.each(['kitty', 'iterm'] as const)('speaks the protocol of %s, as text that ends its line', async (kind) => {
    const text = await drawPicture(halves(8), kind, 8, 'any');
    expect(text.endsWith('\n')).toBe(true);
    const pictures = terminal(text).pictures();
    expect(pictures).toEqual([expect.objectContaining({ protocol: kind, row: 0, column: 0, columns: 8, rows: 4 })]);
    expect(await pixelsOf(pictures[0]!)).toEqual({ width: 8, height: 8, rgb: Buffer.from(halves(8).rgb) });
  });

  it('speaks sixel, ten pixels a column', async () => {
    const text = await drawPicture(halves(8), 'sixel', 4, 'any');
    expect(text.endsWith('\n')).toBe(true);
    const [picture] = terminal(text).pictures();
    expect(picture).toMatchObject({ protocol: 'sixel', columns: 4, rows: 2 });
    const { width, height, rgb } = await pixelsOf(picture!);
    expect([width, height]).toEqual([40, 40]);
    expect([...rgb.subarray(0, 3)]).toEqual([255, 0, 0]);
    expect([...rgb.subarray(-3)]).toEqual([0, 0, 255]);
  });
});
