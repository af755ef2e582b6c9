import { painter } from '../palette.js';
import type { Colors } from '../terminal.js';
import { type Raster, shrink, shrunk } from './raster.js';

/** Where colours do not tell, from low to high. */
export const SHADES = '.░▒▓█';

const RESET = '\u001b[0m';

/**
 * A picture as `columns` / 2 lines of `columns` cells; `columns` is even. With 256 colours and more, each cell is two
 * pixels; with fewer, brightness is the density of a character.
 */
export function pictureLines(picture: Raster, columns: number, colors: Colors): string[] {
  if (isCoarse(colors)) return shadeLines(picture, columns, SHADES);
  const { rgb } = shrunk(picture, columns);
  const cells = blockCells(colors);
  return Array.from({ length: columns / 2 }, (_, row) => cells(rgb, 2 * row * columns, columns, columns) + RESET);
}

/** Whether a picture in cells of these colours would not be made out. */
export const isCoarse = (colors: Colors): boolean => colors === 'none' || colors === '16';

/** `count` cells of two pixels each, the first of which are `from` and, a row below, `from` + `stride`. */
export type Cells = (rgb: Uint8Array, from: number, count: number, stride: number) => string;

/**
 * In their exact colours. There are thousands for each key, so no library is asked, and colours are closed at the end
 * and written only where they change.
 */
const exactCells: Cells = (rgb, from, count, stride) => {
  let text = '';
  let [foreground, background] = [-1, -1];
  for (let pixel = from; pixel < from + count; pixel++) {
    const [upper, lower] = [pixel * 3, (pixel + stride) * 3];
    const above = (rgb[upper]! << 16) | (rgb[upper + 1]! << 8) | rgb[upper + 2]!;
    const below = (rgb[lower]! << 16) | (rgb[lower + 1]! << 8) | rgb[lower + 2]!;
    if (above !== foreground) text += `\u001b[38;2;${rgb[upper]};${rgb[upper + 1]};${rgb[upper + 2]}m`;
    if (below !== background) text += `\u001b[48;2;${rgb[lower]};${rgb[lower + 1]};${rgb[lower + 2]}m`;
    [foreground, background] = [above, below];
    text += '▀';
  }
  return text;
};

function paintedCells(colors: Colors): Cells {
  const paint = painter(colors);
  return (rgb, from, count, stride) => {
    let text = '';
    for (let pixel = from; pixel < from + count; pixel++) {
      const [upper, lower] = [pixel * 3, (pixel + stride) * 3];
      const above = paint.rgb(rgb[upper]!, rgb[upper + 1]!, rgb[upper + 2]!);
      text += above.bgRgb(rgb[lower]!, rgb[lower + 1]!, rgb[lower + 2]!)('▀');
    }
    return text;
  };
}

/** What draws cells in the colours that a terminal has. */
export const blockCells = (colors: Colors): Cells => (colors === 'any' ? exactCells : paintedCells(colors));

/** A picture without colours: its brightness as the density of a character. */
export function shadeLines(picture: Raster, columns: number, shades: string): string[] {
  const pixels = shrink(picture, columns, columns / 2);
  return densityLines(columns, shades, (x, row) => {
    const at = (row * columns + x) * 3;
    return (0.2126 * pixels[at]! + 0.7152 * pixels[at + 1]! + 0.0722 * pixels[at + 2]!) / 256;
  });
}

/** @param density of each cell, 0 to 1; or a character that stands there */
export function densityLines(
  columns: number,
  shades: string,
  density: (x: number, row: number) => number | string,
): string[] {
  return Array.from({ length: columns / 2 }, (_, row) =>
    Array.from({ length: columns }, (_, x) => {
      const value = density(x, row);
      return typeof value === 'string'
        ? value
        : shades[Math.min(shades.length - 1, Math.floor(value * shades.length))]!;
    }).join(''),
  );
}
