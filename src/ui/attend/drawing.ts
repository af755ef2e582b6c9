import type { CellSize } from '../graphics/cell-size.js';
import { itermImage } from '../graphics/iterm.js';
import { kittyImage } from '../graphics/kitty.js';
import { SIXEL_SCALES, sixelImage } from '../graphics/sixel.js';
import type { PictureKind } from '../picture.js';
import type { Colors } from '../terminal.js';
import type { Drawing } from '../view/screen.js';
import { mapLines } from './canvas.js';
import { type MapDrawing, markedMapPixels } from './overlay.js';

/** Draws a map over its picture, `rows` rows high and twice as many columns wide, in at most so many pixels. */
export type DrawPicture = (drawing: MapDrawing, rows: number, mostPixels: number) => Drawing;

/** Pixels of all drawings of one kind in a frame: what is overlaid, encoded and sent in about 20 ms. */
export const MOST_PIXELS = 448 ** 2;
/** Terminals scale Kitty's and iTerm2's pictures themselves; more pixels for a column would hardly be seen. */
const PIXELS_PER_COLUMN = 10;

/** @param cell where it is not known, sixels cannot be placed, and half blocks are drawn instead */
export function pictureDrawer(
  kind: Exclude<PictureKind, 'none'>,
  colors: Colors,
  cell: CellSize | undefined,
): DrawPicture {
  const scaled = (drawing: MapDrawing, rows: number, mostPixels: number) =>
    markedMapPixels(drawing, Math.floor(Math.min(2 * rows * PIXELS_PER_COLUMN, Math.sqrt(mostPixels))));
  const cells = (rows: number) => ({ columns: 2 * rows, rows });
  if (kind === 'kitty') {
    return (drawing, rows, mostPixels) => ({ kitty: kittyImage(scaled(drawing, rows, mostPixels), cells(rows)) });
  }
  if (kind === 'iterm') {
    return (drawing, rows, mostPixels) => ({
      inline: itermImage(scaled(drawing, rows, mostPixels), cells(rows)),
      ...cells(rows),
    });
  }
  if (kind === 'sixel' && cell) {
    return (drawing, rows, mostPixels) => ({ inline: sixels(drawing, rows, cell, mostPixels), ...cells(rows) });
  }
  return (drawing, rows) => ({ cells: mapLines(drawing, 2 * rows, colors) });
}

/** The largest square within the cells, in as large pixels as there is time for. */
function sixels(drawing: MapDrawing, rows: number, { width, height }: CellSize, mostPixels: number): string {
  const side = Math.min(2 * rows * width, rows * height);
  const scale = SIXEL_SCALES.find((times) => (side / times) ** 2 <= mostPixels) ?? SIXEL_SCALES.at(-1)!;
  return sixelImage(markedMapPixels(drawing, Math.floor(side / scale)), scale);
}
