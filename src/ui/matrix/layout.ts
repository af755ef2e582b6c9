import { widthOf } from '../layout.js';
import { firstRow } from '../step/lines/viewport.js';
import type { Colors } from '../terminal.js';
import type { MatrixSource } from './source.js';

/** Where things go on a screen. Heights in rows, widths in columns. */
export interface MatrixLayout {
  readonly columns: number;
  /** Of the whole frame: one row less than the terminal has, so that it never scrolls. */
  readonly height: number;
  /** Of the names of the rows, with a blank. */
  readonly labelColumns: number;
  readonly cellColumns: number;
  /** How many rows and columns of the table are shown. */
  readonly shownRows: number;
  readonly shownColumns: number;
  /** Facts of the cell stand beside the table or below it. */
  readonly arrangement: 'beside' | 'below';
  readonly panelColumns: number;
  readonly panelRows: number;
  readonly hasKeys: boolean;
}

const LONGEST_LABEL = 14;
/** A bracket on each side, and what is between. */
const NARROWEST_CELL = 8;
/** Of a word with its figure beside it, which says it where colours do not. */
const NARROWEST_PAIR = 12;
const WIDEST_CELL = 14;
const PANEL_COLUMNS = 34;
const GAP = 2;
/** From here on there is room for facts beside a table of words. */
const BESIDE = 110;
/** The first line, and the names of the columns. */
const HEAD_ROWS = 2;
const LEAST_ROWS = 3;

/** The width of a column: as its widest name needs it, where there is room. */
function cellWidth(source: MatrixSource, room: number, colors: Colors): number {
  const { columns } = source;
  const widest = Math.max(...columns.map(widthOf)) + 2;
  const isPair = colors === 'none' && source.cell(0, 0).text !== '';
  const narrowest = isPair ? NARROWEST_PAIR : NARROWEST_CELL;
  const fair = Math.floor(room / columns.length);
  return Math.max(Math.min(narrowest, room), Math.min(WIDEST_CELL, Math.max(widest, narrowest), fair));
}

export function layoutOf(
  { columns, rows }: { readonly columns: number; readonly rows: number },
  source: MatrixSource,
  /** How many facts of a cell are to be shown at most. */
  factCount: number,
  colors: Colors,
): MatrixLayout {
  const height = Math.max(1, rows - 1);
  const hasKeys = height >= 5;
  const arrangement = columns >= BESIDE && factCount > 0 ? 'beside' : 'below';
  const tableColumns = arrangement === 'beside' ? columns - PANEL_COLUMNS - GAP : columns;
  const labelColumns = Math.min(Math.max(...source.rows.map(widthOf)), LONGEST_LABEL, Math.floor(columns / 4)) + 1;
  const room = Math.max(1, tableColumns - labelColumns);
  const cellColumns = cellWidth(source, room, colors);
  const body = Math.max(0, height - HEAD_ROWS - (hasKeys ? 1 : 0));
  const frame = { columns, height, hasKeys, labelColumns, cellColumns, arrangement } as const;
  const shownColumns = Math.min(source.columns.length, Math.max(1, Math.floor(room / cellColumns)));
  if (arrangement === 'beside') {
    const shownRows = Math.min(source.rows.length, body);
    return { ...frame, shownColumns, shownRows, panelColumns: PANEL_COLUMNS, panelRows: body };
  }
  // A blank row parts the two.
  const panelRows = Math.max(0, Math.min(factCount, body - 1 - Math.min(LEAST_ROWS, source.rows.length)));
  const shownRows = Math.min(source.rows.length, panelRows > 0 ? body - panelRows - 1 : body);
  return { ...frame, shownColumns, shownRows, panelColumns: columns, panelRows };
}

/** The rows and columns that are shown: the current cell in the middle, where there are some on both sides. */
export function windowOf(
  { row, column }: { readonly row: number; readonly column: number },
  source: MatrixSource,
  { shownRows, shownColumns }: Pick<MatrixLayout, 'shownRows' | 'shownColumns'>,
): { readonly firstRow: number; readonly firstColumn: number } {
  return {
    firstRow: firstRow(row, source.rows.length, shownRows),
    firstColumn: firstRow(column, source.columns.length, shownColumns),
  };
}
