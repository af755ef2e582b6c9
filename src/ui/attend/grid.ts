import { percent } from '../caption-view.js';
import { padEnd, truncate, widthOf } from '../layout.js';
import { painter } from '../palette.js';
import { placeOf, type Tile, tileColumns, tilingOf } from '../picture/tiles.js';
import type { Colors } from '../terminal.js';
import type { DrawMap, MapLook } from './draw.js';
import type { AttendSource } from './source.js';
import { CURRENT } from './theme.js';

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
  const tiling = tilingOf(source.words.length, columns, rows);
  const { pictureRows, perPage } = tiling;
  if (perPage === 0) return [];
  const start = at - (at % perPage);
  const width = tileColumns(pictureRows);
  const shown = [...source.words.keys()].slice(start, start + perPage);
  return shown.map((word, i) => ({
    ...placeOf(i, tiling),
    label: label(source, word, word === current, width, colors),
    drawing: draw(word, look, pictureRows, shown.length),
    pictureRows,
  }));
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
