import { Lru } from '../../model/base/lru.js';
import { meaningLines, padEnd, truncate, truncateStart } from '../layout.js';
import { painter } from '../palette.js';
import type { CellSize } from '../picture/cell-size.js';
import type { Drawing } from '../picture/drawing.js';
import { encoder, MOST_PIXELS, plain } from '../picture/encode.js';
import type { PictureKind, Raster } from '../picture/raster.js';
import { labelLines, placeOf, type Tile, type Tiling, tileColumns, tilingOf } from '../picture/tiles.js';
import type { Colors } from '../terminal.js';
import { visible } from '../text.js';
import type { Painting } from '../view/screen.js';
import { KEY_HELP } from './keys.js';
import type { SearchSource, ShownPicture } from './source.js';
import type { SearchState } from './state.js';

/** Draws a thumbnail, `rows` rows high, as one of `together`. */
export type DrawThumbnail = (picture: Raster, rows: number, together: number) => Drawing;

/** Thumbnails smaller than this tell little. */
const LEAST_ROWS = 5;
const REMEMBERED = 200;

/** @param cell as for `encoder` */
export function thumbnailDrawer(
  kind: Exclude<PictureKind, 'none'>,
  colors: Colors,
  cell: CellSize | undefined,
): DrawThumbnail {
  const numbers = new WeakMap<Raster, number>();
  let count = 0;
  const known = new Lru<string, Drawing>();
  const encode = encoder(kind, colors, cell);
  return (picture, rows, together) => {
    const number = numbers.get(picture) ?? count++;
    numbers.set(picture, number);
    const key = [number, rows, together].join(' ');
    const drawing = known.get(key) ?? encode(plain(picture), rows, MOST_PIXELS / together);
    known.set(key, drawing);
    known.trim(REMEMBERED);
    return drawing;
  };
}

/** As many thumbnails as can be made out; others come on further pages. */
export function searchTiling(count: number, columns: number, rows: number): Tiling {
  for (let shown = count; shown > 1; shown--) {
    const tiling = tilingOf(shown, columns, rows);
    if (tiling.perPage >= shown && tiling.pictureRows >= LEAST_ROWS) return tiling;
  }
  return tilingOf(1, columns, Math.min(rows, LEAST_ROWS + 1));
}

/** All of the screen but the keys. */
export interface SearchStage {
  readonly lines: readonly string[];
  readonly paintings: readonly Painting[];
}

export interface SearchSpace {
  readonly columns: number;
  readonly rows: number;
  readonly colors: Colors;
}

/** What stands below the grid: score and name, and the caption. */
const FOOT = 2;

/** How the pictures are laid out on a screen of that size. */
export const gridTiling = (count: number, { columns, rows }: SearchSpace): Tiling =>
  searchTiling(count, columns, Math.max(0, rows - FOOT));

/**
 * The page with the current picture, or the help.
 * @param rasters thumbnails that are there
 * @param draw without it, a list takes the place of the grid
 */
export function stageOf(
  { pictures }: SearchSource,
  state: SearchState,
  space: SearchSpace,
  rasters: readonly (Raster | undefined)[],
  draw: DrawThumbnail | undefined,
): SearchStage {
  const { columns, rows, colors } = space;
  const paint = painter(colors);
  if (state.isHelp) return { lines: meaningLines(KEY_HELP, columns, paint.bold).slice(0, rows), paintings: [] };
  const tiling = gridTiling(pictures.length, space);
  const foot = footLines(pictures[state.at]!, state, space);
  const above = Math.max(0, rows - foot.length);
  if (!draw || tiling.perPage === 0) {
    return { lines: [...listLines(pictures, state.at, { ...space, rows: above }), ...foot], paintings: [] };
  }
  const start = state.at - (state.at % tiling.perPage);
  const shown = pictures.slice(start, start + tiling.perPage);
  const width = tileColumns(tiling.pictureRows);
  const paintings: Painting[] = [];
  const tiles = shown.map((picture, i): Tile => {
    const { row, column } = placeOf(i, tiling);
    const isCurrent = start + i === state.at;
    const [open, close] = isCurrent ? '[]' : '  ';
    const label = padEnd(truncate(`${open}${start + i + 1} ${picture.score}${close}`, width), width);
    const raster = rasters[start + i];
    const drawing: Drawing = raster ? draw(raster, tiling.pictureRows, shown.length) : { cells: [] };
    if (raster) paintings.push({ row: row + 1, column, drawing });
    return { row, column, label: isCurrent ? paint.bold(label) : label, drawing, pictureRows: tiling.pictureRows };
  });
  const grid = labelLines(tiles);
  return { lines: [...Array.from({ length: above }, (_, i) => grid[i] ?? ''), ...foot], paintings };
}

function footLines({ name, score, caption }: ShownPicture, { message }: SearchState, space: SearchSpace): string[] {
  const { columns, rows, colors } = space;
  const paint = painter(colors);
  if (rows < FOOT + 1) return [];
  const first = `${score}  ${truncateStart(visible(name), Math.max(1, columns - score.length - 2))}`;
  if (message !== '') return [first, truncate(visible(message), columns)];
  let room = columns;
  const pieces = (caption ?? []).map(({ text, isFound }) => {
    const shown = truncate(visible(text), room);
    room = Math.max(0, room - shown.length);
    return isFound ? paint.bold(shown) : paint.dim(shown);
  });
  return [first, pieces.join('')];
}

/** Pictures in lines, the current one in brackets. */
function listLines(pictures: readonly ShownPicture[], at: number, { columns, rows, colors }: SearchSpace): string[] {
  const start = Math.max(0, Math.min(at - Math.floor(rows / 2), pictures.length - rows));
  const lines = pictures.slice(start, start + rows).map((picture, i) => {
    const isCurrent = start + i === at;
    const text = truncate(
      `${isCurrent ? '>' : ' '} ${start + i + 1} ${picture.score} ${visible(picture.name)}`,
      columns,
    );
    return isCurrent ? painter(colors).bold(text) : text;
  });
  return Array.from({ length: rows }, (_, i) => lines[i] ?? '');
}

/** What is left on the terminal, and what is printed where no keys are read: a line a picture. */
export function foundLines(pictures: readonly ShownPicture[], columns: number, colors: Colors): string[] {
  const paint = painter(colors);
  const digits = String(pictures.length).length;
  return pictures.flatMap(({ name, score, caption }, i) => {
    const line = `${String(i + 1).padStart(digits)}  ${score}  ${visible(name)}`;
    if (caption === undefined || caption.length === 0) return [truncate(line, columns)];
    const words = caption.map(({ text, isFound }) => (isFound ? paint.bold(visible(text)) : visible(text))).join('');
    return [truncate(line, columns), `${' '.repeat(digits + 2)}${words}`];
  });
}

/** The first page, for where no keys are read. */
export async function staticTiles(
  { pictures, thumbnail }: SearchSource,
  kind: Exclude<PictureKind, 'none'>,
  { columns, rows, colors }: { readonly columns: number; readonly rows: number; readonly colors: Colors },
): Promise<Tile[]> {
  const tiling = searchTiling(pictures.length, columns, rows);
  const draw = thumbnailDrawer(kind, colors, undefined);
  const width = tileColumns(tiling.pictureRows);
  const shown = pictures.slice(0, tiling.perPage);
  const rasters = await Promise.all(shown.map((_, i) => thumbnail(i)));
  return shown.map((picture, i) => {
    const raster = rasters[i];
    return {
      ...placeOf(i, tiling),
      label: padEnd(truncate(` ${i + 1} ${picture.score}`, width), width),
      drawing: raster ? draw(raster, tiling.pictureRows, shown.length) : { cells: [] },
      pictureRows: tiling.pictureRows,
    };
  });
}
