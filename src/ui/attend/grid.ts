import { percent } from '../caption-view.js';
import { padEnd, truncate, widthOf } from '../layout.js';
import { painter } from '../palette.js';
import type { Drawing } from '../picture/drawing.js';
import type { Colors } from '../terminal.js';
import type { DrawMap, MapLook } from './draw.js';
import type { AttendSource } from './source.js';
import { CURRENT } from './theme.js';

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

function tileColumns(pictureRows: number): number {
  return Math.max(NARROWEST, 2 * pictureRows);
}

/** One word's place in the grid, in cells. */
export interface Tile {
  readonly word: number;
  readonly row: number;
  readonly column: number;
  readonly label: string;
  /** The word's map, to go below the label. */
  readonly drawing: Drawing;
  readonly pictureRows: number;
}

/** Where tiles go, and how. */
export interface GridSpace {
  readonly columns: number;
  readonly rows: number;
  readonly colors: Colors;
  readonly draw: DrawMap;
}

/**
 * The maps of all words beside each other, each under its word; where there are several pages, that with word `at`.
 * @param current the word in brackets
 */
export function gridTiles(
  source: AttendSource,
  look: MapLook,
  at: number,
  { columns, rows, colors, draw }: GridSpace,
  current: number | null = at,
): Tile[] {
  const { pictureRows, perRow, perPage } = tilingOf(source.words.length, columns, rows);
  if (perPage === 0) return [];
  const start = at - (at % perPage);
  const width = tileColumns(pictureRows);
  const shown = [...source.words.keys()].slice(start, start + perPage);
  return shown.map((word, i) => ({
    word,
    row: Math.floor(i / perRow) * (pictureRows + 1),
    column: (i % perRow) * (width + GAP),
    label: label(source, word, word === current, width, colors),
    drawing: draw(word, look, pictureRows, shown.length),
    pictureRows,
  }));
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

/** " dog 97 ", and "[dog 97]" for the current word; where that is too wide, the word is worth more than its number. */
function label(source: AttendSource, word: number, isCurrent: boolean, width: number, colors: Colors): string {
  const { text, probability } = source.words[word]!;
  const room = width - 2;
  const full = `${text} ${percent(probability)}`;
  const inner = widthOf(full) <= room ? full : truncate(text, room);
  const [open, close] = isCurrent ? CURRENT : [' ', ' '];
  const cell = padEnd(`${open}${inner}${close}`, width);
  return isCurrent ? painter(colors).bold(cell) : cell;
}
