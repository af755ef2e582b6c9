import { wrap } from '../layout.js';
import { painter } from '../palette.js';
import type { Terminal } from '../terminal.js';
import { layoutOf } from './layout.js';
import { tableLines } from './lines.js';
import type { MatrixSource } from './source.js';

/** The table for where no keys can be read, as text to print: all of it, in parts as wide as the terminal. */
export function staticText(source: MatrixSource, { columns, colors }: Pick<Terminal, 'columns' | 'colors'>): string {
  const paint = painter(colors);
  const { shownColumns, ...layout } = layoutOf({ columns, rows: Number.POSITIVE_INFINITY }, source, 0, colors);
  const parts: string[] = [];
  for (let first = 0; first < source.columns.length; first += shownColumns) {
    const shown = {
      ...layout,
      shownRows: source.rows.length,
      shownColumns: Math.min(shownColumns, source.columns.length - first),
    };
    parts.push(...tableLines(source, { firstRow: 0, firstColumn: first }, shown, colors), '');
  }
  const head = wrap(source.title, columns).map((line) => paint.bold(line));
  const about = wrap(source.about, columns).map((line) => paint.dim(line));
  return `${[...head, ...parts, ...about].join('\n')}\n`;
}
