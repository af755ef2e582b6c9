import { padEnd, truncate, widthOf, wrap } from './layout.js';
import { painter, shade } from './palette.js';
import type { Colors } from './terminal.js';
import { visible } from './text.js';

/** A picture, and the cosine of its embedding with that of each caption; null for a caption that could not be read. */
export interface ComparedPicture {
  readonly name: string;
  readonly cosines: readonly (number | null)[];
}

const CELL = 8;
const LONGEST_NAME = 24;

/**
 * A matrix of pictures by captions. Captions are numbered, and listed below. The best caption of a picture is starred;
 * cells are shaded between the lowest and the highest cosine of all.
 */
export function compareLines(
  rows: readonly ComparedPicture[],
  captions: readonly string[],
  columns: number,
  colors: Colors,
): string[] {
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
  for (let from = 0; from < captions.length; from += perBlock) {
    const shown = [...captions.keys()].slice(from, from + perBlock);
    const head = shown.map((caption) =>
      String(caption + 1)
        .padStart(CELL - 1)
        .padEnd(CELL),
    );
    lines.push(paint.dim(`${' '.repeat(nameWidth + 1)}${head.join('')}`.trimEnd()));
    for (const { name, cosines } of rows) {
      const best = Math.max(...cosines.map((cosine) => cosine ?? Number.NEGATIVE_INFINITY));
      const cells = shown.map((caption) => cell(cosines[caption] ?? null, best, low, high, colors));
      lines.push(`${padEnd(truncate(visible(name), nameWidth), nameWidth)} ${cells.join('')}`.trimEnd());
    }
    lines.push('');
  }
  const width = String(captions.length).length;
  for (const [i, caption] of captions.entries()) {
    const [first, ...more] = wrap(visible(caption), columns - width - 2);
    lines.push(`${paint.dim(String(i + 1).padStart(width))}  ${first}`);
    lines.push(...more.map((line) => ' '.repeat(width + 2) + line));
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
