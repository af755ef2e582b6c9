import type { Colors } from '../terminal.js';
import { pictureLines } from './blocks.js';
import type { CellSize } from './cell-size.js';
import type { Drawing } from './drawing.js';
import { itermImage } from './iterm.js';
import { kittyImage } from './kitty.js';
import { type PictureKind, type Raster, shrunk } from './raster.js';
import { SIXEL_SCALES, sixelImage } from './sixel.js';

/** A picture that can be drawn at any size. */
export interface Drawable {
  readonly pixels: (size: number) => Raster;
  /** As `columns` / 2 lines of `columns` cells; `columns` is even. */
  readonly cells: (columns: number, colors: Colors) => string[];
}

/** Draws a picture, `rows` rows high and twice as many columns wide, in at most so many pixels. */
export type Encode = (picture: Drawable, rows: number, mostPixels: number) => Drawing;

/** Pixels of all drawings of one kind in a frame: what is overlaid, encoded and sent in about 20 ms. */
export const MOST_PIXELS = 448 ** 2;
/** Terminals scale Kitty's and iTerm2's pictures themselves; more pixels for a column would hardly be seen. */
const PIXELS_PER_COLUMN = 10;

/**
 * The one place that tells the ways to draw apart.
 * @param cell where it is not known, sixels cannot be placed, and half blocks are drawn instead
 */
export function encoder(kind: Exclude<PictureKind, 'none'>, colors: Colors, cell: CellSize | undefined): Encode {
  return (picture, rows, mostPixels) => {
    const cells = { columns: 2 * rows, rows };
    const scaled = (): Raster =>
      picture.pixels(Math.floor(Math.min(cells.columns * PIXELS_PER_COLUMN, Math.sqrt(mostPixels))));
    switch (kind) {
      case 'kitty':
        return { kitty: kittyImage(scaled(), cells) };
      case 'iterm':
        return { inline: itermImage(scaled(), cells), ...cells };
      case 'sixel':
        if (cell) return { inline: sixels(picture, rows, cell, mostPixels), ...cells };
        break;
      case 'blocks':
    }
    return { cells: picture.cells(cells.columns, colors) };
  };
}

/** The largest square within the cells, in as large pixels as there is time for. */
function sixels(picture: Drawable, rows: number, { width, height }: CellSize, mostPixels: number): string {
  const side = Math.min(2 * rows * width, rows * height);
  const scale = SIXEL_SCALES.find((times) => (side / times) ** 2 <= mostPixels) ?? SIXEL_SCALES.at(-1)!;
  return sixelImage(picture.pixels(Math.floor(side / scale)), scale);
}

/** A picture as it is. */
export const plain = (picture: Raster): Drawable => ({
  pixels: (size) => shrunk(picture, size),
  cells: (columns, colors) => pictureLines(picture, columns, colors),
});
