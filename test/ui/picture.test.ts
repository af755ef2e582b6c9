import { describe, expect, it } from 'vitest';
import { drawPicture, type Raster, shrink } from '../../src/ui/picture.js';
import { pixelsOf } from '../support/terminal-pictures.js';
import { VirtualTerminal } from '../support/virtual-terminal.js';

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
  it('draws two pixels a character', async () => {
    const text = await drawPicture(halves(8), 'blocks', 4, 'any');
    const red = '\u001b[38;2;255;0;0m\u001b[48;2;255;0;0m▀';
    const lines = text.split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]!.startsWith(red)).toBe(true);
    expect(lines[0]!.match(/▀/g)).toHaveLength(4);
    expect(lines[0]).toContain('\u001b[38;2;0;0;255m\u001b[48;2;0;0;255m▀');
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
