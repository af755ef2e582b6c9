import type { CellSize } from '../graphics/cell-size.js';
import { itermImage } from '../graphics/iterm.js';
import { kittyImage } from '../graphics/kitty.js';
import { SIXEL_SCALES, sixelImage } from '../graphics/sixel.js';
import type { PictureKind } from '../picture.js';
import type { Drawing } from '../screen.js';
import type { Colors } from '../terminal.js';
import { mapLines } from './canvas.js';
import { type MapDrawing, markedMapPixels } from './overlay.js';
import type { AttendSource, MapSelection } from './source.js';

/** Which maps, and how opaque over the picture. */
export type MapLook = MapSelection & { readonly opacity: number };

/**
 * Draws the map of a word over the picture, `rows` rows high and twice as many columns wide.
 * @param together how many are drawn for one frame: they share the pixels that a key press has time for
 */
export type DrawMap = (word: number, look: MapLook, rows: number, together: number) => Drawing;

/** Pixels of all drawings of one kind in a frame: what is overlaid, encoded and sent in about 20 ms. */
const MOST_PIXELS = 448 ** 2;
/** Terminals scale Kitty's and iTerm2's pictures themselves; more pixels for a column would hardly be seen. */
const PIXELS_PER_COLUMN = 10;
/** The drawings of a large grid and of what was before: going back, and maps that a key did not change, cost nothing. */
const REMEMBERED = 160;

/** @param cell where it is not known, sixels cannot be placed, and half blocks are drawn instead */
export function mapDrawer(
  { picture, grid, mapOf }: AttendSource,
  kind: Exclude<PictureKind, 'none'>,
  colors: Colors,
  cell: CellSize | undefined,
): DrawMap {
  const known = new Map<string, Drawing>();
  const draw = pixelDrawer(kind, cell) ?? ((drawing, rows) => ({ cells: mapLines(drawing, 2 * rows, colors) }));
  return (word, { method, layer, head, opacity }, rows, together) => {
    const key = [word, method, layer, head, opacity, rows, together].join(' ');
    const wordMap = mapOf(word, { method, layer, head });
    const drawing = known.get(key) ?? draw({ picture, grid, wordMap, opacity }, rows, MOST_PIXELS / together);
    known.delete(key);
    known.set(key, drawing);
    if (known.size > REMEMBERED) known.delete(known.keys().next().value!);
    return drawing;
  };
}

type Draw = (drawing: MapDrawing, rows: number, mostPixels: number) => Drawing;

function pixelDrawer(kind: Exclude<PictureKind, 'none'>, cell: CellSize | undefined): Draw | undefined {
  const scaled = (drawing: MapDrawing, rows: number, mostPixels: number) =>
    markedMapPixels(drawing, Math.floor(Math.min(2 * rows * PIXELS_PER_COLUMN, Math.sqrt(mostPixels))));
  const cells = (rows: number) => ({ columns: 2 * rows, rows });
  switch (kind) {
    case 'kitty':
      return (drawing, rows, mostPixels) => ({ kitty: kittyImage(scaled(drawing, rows, mostPixels), cells(rows)) });
    case 'iterm':
      return (drawing, rows, mostPixels) => ({
        inline: itermImage(scaled(drawing, rows, mostPixels), cells(rows)),
        ...cells(rows),
      });
    case 'sixel':
      return (
        cell && ((drawing, rows, mostPixels) => ({ inline: sixels(drawing, rows, cell, mostPixels), ...cells(rows) }))
      );
    case 'blocks':
      return undefined;
  }
}

/** The largest square within the cells, in as large pixels as there is time for. */
function sixels(drawing: MapDrawing, rows: number, { width, height }: CellSize, mostPixels: number): string {
  const side = Math.min(2 * rows * width, rows * height);
  const scale = SIXEL_SCALES.find((times) => (side / times) ** 2 <= mostPixels) ?? SIXEL_SCALES.at(-1)!;
  return sixelImage(markedMapPixels(drawing, Math.floor(side / scale)), scale);
}
