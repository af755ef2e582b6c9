import { bar, meaningLines, padEnd, truncate, widthOf } from '../layout.js';
import { painter, shade } from '../palette.js';
import type { Colors } from '../terminal.js';
import { KEY_HELP, matrixKeyLine } from './keys.js';
import { type MatrixLayout, windowOf } from './layout.js';
import type { MatrixCell, MatrixSource } from './source.js';
import type { MatrixState } from './state.js';

/** The current cell is in brackets: a shape, for those who see no colours. */
const CURRENT = ['[', ']'] as const;
/** Before the word of a marked cell, where it cannot be underlined. */
const MARK = '=';
const LABEL = 13;
const BAR = 8;

/** All lines of the screen. */
export function matrixLines(source: MatrixSource, state: MatrixState, layout: MatrixLayout, colors: Colors): string[] {
  const { columns, height, hasKeys, arrangement, panelColumns, panelRows } = layout;
  const paint = painter(colors);
  const body = height - 1 - (hasKeys ? 1 : 0);
  const panel = state.isHelp ? [] : panelLines(source, state, panelColumns, colors).slice(0, panelRows);
  const table = tableLines(source, windowOf(state, source, layout), layout, colors, state);
  const middle = state.isHelp
    ? helpLines(source, columns, colors)
    : arrangement === 'beside'
      ? // The panel begins below the names of the columns.
        beside(table, ['', ...panel], columns - panelColumns)
      : [...table, ...(panel.length > 0 ? ['', ...panel] : [])];
  const limits = { rows: source.rows.length, columns: source.columns.length };
  return [
    headLine(source, columns, colors),
    ...Array.from({ length: Math.max(0, body) }, (_, row) => middle[row] ?? ''),
    ...(hasKeys ? [paint.dim(matrixKeyLine(state, limits, source.names, columns))] : []),
  ].slice(0, height);
}

export function headLine({ title, about }: MatrixSource, columns: number, colors: Colors): string {
  const paint = painter(colors);
  const shown = truncate(title, columns);
  return paint.bold(shown) + paint.dim(truncate(` · ${about}`, columns - widthOf(shown)));
}

function beside(left: readonly string[], right: readonly string[], width: number): string[] {
  return Array.from({ length: Math.max(left.length, right.length) }, (_, row) =>
    right[row] === undefined ? left[row]! : padEnd(left[row] ?? '', width) + right[row],
  );
}

/**
 * The names of the columns, and rows of cells.
 * @param state the current cell; nothing where there is none
 */
export function tableLines(
  source: MatrixSource,
  { firstRow, firstColumn }: ReturnType<typeof windowOf>,
  layout: Pick<MatrixLayout, 'labelColumns' | 'cellColumns' | 'shownRows' | 'shownColumns'>,
  colors: Colors,
  state?: Pick<MatrixState, 'row' | 'column'>,
): string[] {
  const { labelColumns, cellColumns, shownRows, shownColumns } = layout;
  const paint = painter(colors);
  const columns = Array.from({ length: shownColumns }, (_, i) => firstColumn + i);
  const nameOf = (column: number): string => {
    const name = padEnd(` ${truncate(source.columns[column]!, cellColumns - 2)}`, cellColumns);
    return column === state?.column ? paint.bold(name) : paint.dim(name);
  };
  const more = outside(firstColumn, shownColumns, source.columns.length);
  return [
    paint.dim(padEnd(truncate(more, labelColumns - 1), labelColumns)) + columns.map(nameOf).join(''),
    ...Array.from({ length: shownRows }, (_, i) => firstRow + i).map((row) => {
      const label = padEnd(truncate(source.rows[row]!, labelColumns - 1), labelColumns);
      const cells = columns.map((column) => {
        const isCurrent = row === state?.row && column === state.column;
        return cellText(source.cell(row, column), cellColumns, isCurrent, colors);
      });
      return (row === state?.row ? paint.bold(label) : paint.dim(label)) + cells.join('');
    }),
  ];
}

/** "<3 >12": columns that are out of sight on either side. */
function outside(first: number, shown: number, count: number): string {
  const after = count - first - shown;
  return [...(first > 0 ? [`<${first}`] : []), ...(after > 0 ? [`>${after}`] : [])].join(' ');
}

function cellText(cell: MatrixCell, width: number, isCurrent: boolean, colors: Colors): string {
  const paint = painter(colors);
  const inner = Math.max(1, width - 2);
  const [open, close] = isCurrent ? CURRENT : [' ', ' '];
  const text = innerText(cell, inner, colors);
  const shown = colors === 'none' ? text : shade(cell.isMarked ? paint.underline(text) : text, cell.shade, colors);
  return paint.bold(open) + (isCurrent ? paint.bold(shown) : shown) + paint.bold(close);
}

/** Inner columns from which on a word has its figure beside it, also where the colour says it. */
const ROOM_FOR_BOTH = 12;

/** The word and the figure; with colours, which say it too, the word alone where there is little room. */
function innerText({ text, figure, isMarked }: MatrixCell, width: number, colors: Colors): string {
  if (text === '') return truncate(figure, width).padStart(width);
  const word = colors === 'none' && isMarked ? MARK + text : text;
  const room = width - figure.length - 1;
  if (colors !== 'none' && width < ROOM_FOR_BOTH) return padEnd(truncate(word, width), width);
  if (room < 2) return truncate(figure, width).padStart(width);
  return `${padEnd(truncate(word, room), room)} ${figure}`;
}

/** What is known of the current cell. */
function panelLines(source: MatrixSource, { row, column }: MatrixState, columns: number, colors: Colors): string[] {
  const paint = painter(colors);
  return source.facts(row, column).map(({ label, value, part }) => {
    const drawn = part === undefined ? '' : padEnd(bar(part, BAR), BAR + 1);
    const rest = Math.max(0, columns - LABEL - widthOf(drawn));
    return paint.dim(padEnd(truncate(label, LABEL - 1), LABEL)) + drawn + truncate(value, rest);
  });
}

function helpLines({ marked, scale, names }: MatrixSource, columns: number, colors: Colors): string[] {
  const { bold } = painter(colors);
  const [low, high] = scale;
  const meanings = [
    ...KEY_HELP,
    ['rows, columns', `${names.row}, ${names.column}`] as const,
    ...(colors === 'none' ? [] : [['colours', `from ${low} to ${high}`] as const]),
    ...(marked === undefined ? [] : [[colors === 'none' ? `${MARK} before` : 'underlined', marked] as const]),
  ];
  return meaningLines(meanings, columns, bold);
}
