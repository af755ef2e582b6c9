import { padEnd, truncate, widthOf, wrap } from './layout.js';
import { painter, shade } from './palette.js';
import { encoder, MOST_PIXELS, plain } from './picture/encode.js';
import type { PictureKind, Raster } from './picture/raster.js';
import { placeOf, tileColumns, tileText, tilingOf } from './picture/tiles.js';
import type { Colors, Terminal } from './terminal.js';
import { visible } from './text.js';

/** Something embedded, and the cosine of its embedding with that of each column's; null where there is none to show. */
export interface ComparedRow {
  readonly name: string;
  readonly cosines: readonly (number | null)[];
}

const CELL = 8;
const LONGEST_NAME = 24;

/** Part of the terminal's rows that pictures take: the figures are what is compared. */
const PICTURES = 0.5;

/** The pictures beside each other, each below its name; nothing where they cannot be drawn or there are too many. */
export function comparedPictures(
  pictures: readonly { readonly name: string; readonly picture: Raster }[],
  kind: PictureKind,
  { columns, rows, colors }: Pick<Terminal, 'columns' | 'rows' | 'colors'>,
): string {
  if (kind === 'none') return '';
  const tiling = tilingOf(pictures.length, columns - 1, Math.floor(rows * PICTURES));
  if (tiling.perPage < pictures.length) return '';
  const { pictureRows } = tiling;
  // Where text and pictures are printed together, the size of a cell is not asked for.
  const draw = encoder(kind, colors, undefined);
  const tiles = pictures.map(({ name, picture }, i) => ({
    ...placeOf(i, tiling),
    label: painter(colors).bold(truncate(visible(name), tileColumns(pictureRows))),
    drawing: draw(plain(picture), pictureRows, MOST_PIXELS / pictures.length),
    pictureRows,
  }));
  return `${tileText(tiles)}\n`;
}

/** A matrix of pictures by captions, and below it the captions by their numbers. */
export function compareLines(
  rows: readonly ComparedRow[],
  captions: readonly string[],
  columns: number,
  colors: Colors,
): string[] {
  const paint = painter(colors);
  const lines = [...cosineLines(rows, captions.length, columns, colors), ''];
  const width = String(captions.length).length;
  for (const [i, caption] of captions.entries()) {
    const [first, ...more] = wrap(visible(caption), columns - width - 2);
    lines.push(`${paint.dim(String(i + 1).padStart(width))}  ${first}`);
    lines.push(...more.map((line) => ' '.repeat(width + 2) + line));
  }
  return lines;
}

/**
 * A matrix of cosines with numbered columns, in as many blocks as the width asks for. The highest cosine of a row is
 * starred; cells are shaded between the lowest and the highest of all.
 */
export function cosineLines(rows: readonly ComparedRow[], count: number, columns: number, colors: Colors): string[] {
  const paint = painter(colors);
  const all = rows.flatMap(({ cosines }) => cosines).filter((cosine) => cosine !== null);
  const low = Math.min(...all);
  const high = Math.max(...all);
  const nameWidth = Math.min(
    LONGEST_NAME,
    Math.max(4, columns - CELL - 1),
    Math.max(0, ...rows.map(({ name }) => widthOf(visible(name)))),
  );
  const perBlock = Math.max(1, Math.floor((columns - nameWidth - 1) / CELL));
  const lines: string[] = [];
  for (let from = 0; from < count; from += perBlock) {
    if (from > 0) lines.push('');
    const shown = Array.from({ length: Math.min(perBlock, count - from) }, (_, i) => from + i);
    const head = shown.map((column) =>
      String(column + 1)
        .padStart(CELL - 2)
        .padEnd(CELL),
    );
    lines.push(paint.dim(`${' '.repeat(nameWidth + 1)}${head.join('')}`.trimEnd()));
    for (const { name, cosines } of rows) {
      const best = Math.max(...cosines.map((cosine) => cosine ?? Number.NEGATIVE_INFINITY));
      const cells = shown.map((column) => cell(cosines[column] ?? null, best, low, high, colors));
      lines.push(`${padEnd(truncate(visible(name), nameWidth), nameWidth)} ${cells.join('')}`.trimEnd());
    }
  }
  return lines;
}

/** " 0.312*", seven columns and one between cells. */
function cell(cosine: number | null, best: number, low: number, high: number, colors: Colors): string {
  if (cosine === null) return `${'-'.padStart(CELL - 2)}  `;
  const text = `${cosine.toFixed(3).padStart(CELL - 2)}${cosine === best ? '*' : ' '}`;
  if (colors === 'none') return `${text} `;
  return `${shade(text, high > low ? (cosine - low) / (high - low) : 1, colors)} `;
}
