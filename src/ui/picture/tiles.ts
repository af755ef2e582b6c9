import { padEnd } from '../layout.js';
import { type Drawing, printed } from './drawing.js';

/** Tiles of a grid: how large their squares are, how many stand beside each other, and how many fit at once. */
export interface Tiling {
  readonly pictureRows: number;
  readonly perRow: number;
  readonly perPage: number;
}

const SMALLEST = 2;
const GAP = 1;
/** Narrower, a label says nothing. */
const NARROWEST = 7;

/** The largest tiles with which `count` of them fit in columns x rows; where they cannot, the smallest, in pages. */
export function tilingOf(count: number, columns: number, rows: number): Tiling {
  for (let pictureRows = rows - 1; pictureRows >= SMALLEST; pictureRows--) {
    const tiling = tiled(pictureRows, columns, rows);
    if (tiling.perPage >= count) return tiling;
  }
  return tiled(SMALLEST, columns, rows);
}

function tiled(pictureRows: number, columns: number, rows: number): Tiling {
  const perRow = Math.max(1, Math.floor((columns + GAP) / (tileColumns(pictureRows) + GAP)));
  const fits = tileColumns(pictureRows) <= columns;
  return { pictureRows, perRow, perPage: fits ? perRow * Math.floor(rows / (pictureRows + 1)) : 0 };
}

/** Columns of a tile. */
export function tileColumns(pictureRows: number): number {
  return Math.max(NARROWEST, 2 * pictureRows);
}

/** A picture below its label, with its place among others, in cells. */
export interface Tile {
  readonly row: number;
  readonly column: number;
  readonly label: string;
  readonly drawing: Drawing;
  readonly pictureRows: number;
}

/** Where the tile that is number `i` on its page stands. */
export function placeOf(i: number, { pictureRows, perRow }: Tiling): { readonly row: number; readonly column: number } {
  return { row: Math.floor(i / perRow) * (pictureRows + 1), column: (i % perRow) * (tileColumns(pictureRows) + GAP) };
}

/** The labels of tiles in lines, with room for the maps between them. */
export function labelLines(tiles: readonly Tile[]): string[] {
  const lines: string[] = [];
  for (const { row, column, label, pictureRows } of tiles) {
    while (lines.length < row + 1 + pictureRows) lines.push('');
    lines[row] = padEnd(lines[row]!, column) + label;
  }
  return lines;
}

/** A page of tiles: labels and, between them, maps as cells, or as pictures that go where the labels leave room. */
export function tileText(tiles: readonly Tile[]): string {
  const lines = labelLines(tiles);
  const height = lines.length;
  let pictures = '';
  for (const { row, column, drawing } of tiles) {
    if ('cells' in drawing) {
      for (const [i, cells] of drawing.cells.entries())
        lines[row + 1 + i] = padEnd(lines[row + 1 + i]!, column) + cells;
    } else {
      // From below the page up to the tile, and back.
      pictures += `\u001b7\u001b[${height - row - 1}A\u001b[${column + 1}G${printed(drawing)}\u001b8`;
    }
  }
  return `${lines.join('\n')}\n${pictures}`;
}
