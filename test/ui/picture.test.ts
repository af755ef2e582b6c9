import { describe, expect, it } from 'vitest';
import { drawPicture, type Raster, shrink } from '../../src/ui/picture.js';

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

  it('speaks the protocol of iTerm2', async () => {
    const text = await drawPicture(halves(8), 'iterm', 8, 'any');
    const [, size, base64] = /^\u001b\]1337;File=inline=1;(?:size=\d+;)?(width=8;height=4);?.*?:(.*)\u0007\n$/.exec(
      text,
    )!;
    expect(size).toBe('width=8;height=4');
    expect(Buffer.from(base64!, 'base64').subarray(1, 4).toString()).toBe('PNG');
  });

  it('speaks sixel', async () => {
    const text = await drawPicture(halves(8), 'sixel', 4, 'any');
    expect(text.startsWith('\u001bP0;0;q"1;1;40;40#')).toBe(true);
    expect(text.endsWith('\u001b\\\n')).toBe(true);
  });
});
