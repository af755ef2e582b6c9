import type { Colors } from '../terminal.js';
import { type Raster, shrink, shrunk } from './raster.js';
import { dithered } from './xterm-256.js';

/** Where colours do not tell, from low to high. */
export const SHADES = '.░▒▓█';

export const RESET = '\u001b[0m';

/**
 * A picture as `columns` / 2 lines of `columns` cells; `columns` is even. With 256 colours and more, each cell is two
 * pixels; with fewer, brightness is the density of a character.
 */
export function pictureLines(picture: Raster, columns: number, colors: Colors): string[] {
  if (isCoarse(colors)) return shadeLines(picture, columns, SHADES);
  const { rgb } = shrunk(picture, columns);
  const cells = blockCells(rgb, columns, colors);
  return Array.from({ length: columns / 2 }, (_, row) => cells(2 * row * columns, columns) + RESET);
}

/** Whether a picture in cells of these colours would not be made out. */
export const isCoarse = (colors: Colors): boolean => colors === 'none' || colors === '16';

/** `count` cells of two pixels each, the upper ones from pixel `from` on. */
export type Cells = (from: number, count: number) => string;

/** A number for every colour, and what sets it as the colour of a cell's ground or of what stands on it. */
interface Inks {
  readonly at: (pixel: number) => number;
  readonly set: (layer: 'foreground' | 'background', color: number) => string;
}

const LAYERS = { foreground: 38, background: 48 } as const;

const exactInks = (rgb: Uint8Array): Inks => ({
  at: (pixel) => (rgb[pixel * 3]! << 16) | (rgb[pixel * 3 + 1]! << 8) | rgb[pixel * 3 + 2]!,
  set: (layer, color) => `\u001b[${LAYERS[layer]};2;${color >> 16};${(color >> 8) & 255};${color & 255}m`,
});

function xtermInks(rgb: Uint8Array, columns: number): Inks {
  const indices = dithered(rgb, columns);
  return { at: (pixel) => indices[pixel]!, set: (layer, color) => `\u001b[${LAYERS[layer]};5;${color}m` };
}

/**
 * What draws cells of a picture in the colours that a terminal has, 256 or any. There are thousands for each key, so no
 * library is asked, and colours are written only where they change; they are not closed.
 * @param rgb three bytes a pixel, `columns` pixels a row, an even number of rows
 */
export function blockCells(rgb: Uint8Array, columns: number, colors: Colors): Cells {
  const { at, set } = colors === 'any' ? exactInks(rgb) : xtermInks(rgb, columns);
  return (from, count) => {
    let text = '';
    let [foreground, background] = [-1, -1];
    for (let pixel = from; pixel < from + count; pixel++) {
      const [above, below] = [at(pixel), at(pixel + columns)];
      if (above !== foreground) text += set('foreground', above);
      if (below !== background) text += set('background', below);
      [foreground, background] = [above, below];
      text += '▀';
    }
    return text;
  };
}

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
