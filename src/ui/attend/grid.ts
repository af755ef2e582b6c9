import { padEnd } from '../layout.js';
import { painter } from '../palette.js';
import type { Colors } from '../terminal.js';
import { mapLines } from './canvas.js';
import type { AttendSource, MapSelection } from './source.js';
import { CURRENT } from './theme.js';
import { percent, truncate } from './words.js';

/** Tiles of a grid: how large their squares are, how many stand beside each other, and how many fit at once. */
export interface Tiling {
  readonly pictureRows: number;
  readonly perRow: number;
  readonly perPage: number;
}

const SMALLEST = 2;
const GAP = 1;
/** Narrower, a label says nothing. */
const NARROWEST = 8;

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
  const fits = 2 * pictureRows <= columns;
  return { pictureRows, perRow, perPage: fits ? perRow * Math.max(1, Math.floor(rows / (pictureRows + 1))) : 0 };
}

function tileColumns(pictureRows: number): number {
  return Math.max(NARROWEST, 2 * pictureRows);
}

/**
 * The maps of all words beside each other, each under its word; where there are several pages, that with word `at`.
 * @param current the word in brackets
 */
export function gridLines(
  source: AttendSource,
  selection: MapSelection & { readonly opacity: number },
  at: number,
  { columns, rows, colors }: { readonly columns: number; readonly rows: number; readonly colors: Colors },
  current: number | null = at,
): string[] {
  const { pictureRows, perRow, perPage } = tilingOf(source.words.length, columns, rows);
  const start = at - (at % Math.max(1, perPage));
  const shown = [...source.words.keys()].slice(start, start + Math.max(1, perPage));
  const width = tileColumns(pictureRows);
  const lines: string[] = [];
  for (let first = 0; first < shown.length; first += perRow) {
    const row = shown.slice(first, first + perRow);
    const tiles = row.map((word) => {
      const wordMap = source.mapOf(word, selection);
      const { picture, grid } = source;
      return mapLines({ picture, grid, wordMap, opacity: selection.opacity, colors }, 2 * pictureRows);
    });
    lines.push(joined(row.map((word) => label(source, word, word === current, width, colors))));
    for (let line = 0; line < pictureRows; line++) {
      lines.push(joined(tiles.map((tile) => tile[line]! + ' '.repeat(width - 2 * pictureRows))));
    }
  }
  return lines.slice(0, Math.max(0, rows));
}

function joined(cells: readonly string[]): string {
  return cells.join(' '.repeat(GAP));
}

/** " dog 97 ", and "[dog 97]" for the current word. */
function label(source: AttendSource, word: number, isCurrent: boolean, width: number, colors: Colors): string {
  const { text, probability } = source.words[word]!;
  const number = percent(probability);
  const room = width - 2;
  const withNumber = room >= number.length + 4 ? `${truncate(text, room - number.length - 1)} ${number}` : undefined;
  const inner = withNumber ?? truncate(text, room);
  const [open, close] = isCurrent ? CURRENT : [' ', ' '];
  const cell = padEnd(`${open}${inner}${close}`, width);
  return isCurrent ? painter(colors).bold(cell) : cell;
}
