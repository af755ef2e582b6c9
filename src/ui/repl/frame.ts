import { graphemesOf, truncate, widthOf } from '../layout.js';
import { painter } from '../palette.js';
import { durationText } from '../status.js';
import type { Colors } from '../terminal.js';
import { visible } from '../text.js';
import type { EditorState, Menu } from './editor.js';
import type { PromptState, Work } from './state.js';
import { CHOSEN, PROMPT_MARK, SPINNER } from './theme.js';

/** What the foot of a session looks like, and where the cursor stands in it: columns and rows from the top left. */
export interface Frame {
  readonly lines: readonly string[];
  readonly cursor: { readonly x: number; readonly y: number };
}

export interface FrameSpace {
  readonly columns: number;
  readonly rows: number;
  readonly colors: Colors;
}

/** From here on a person wonders whether anything happens. */
const LONG_MS = 500;
const MENU_ROWS = 8;
/** With fewer columns left, what a way to go on is does not stand beside it. */
const LEAST_ABOUT = 24;

/**
 * The prompt and what belongs around it, in at most `rows` - 1 lines of `columns` columns.
 * @param now on the clock of the work's `since`
 */
export function promptFrame(state: PromptState, space: FrameSpace, now: number): Frame {
  const { columns, rows, colors } = space;
  const paint = painter(colors);
  const room = Math.max(1, rows - 1);
  const above = state.work ? [workLine(state.work, now, columns)] : [];
  for (const line of state.queued) above.push(paint.dim(truncate(`then: ${visible(line)}`, columns)));
  const below = state.editor.menu
    ? menuLines(state.editor.menu, space)
    : state.remark === ''
      ? []
      : [paint.dim(truncate(state.remark, columns))];
  const { lines, cursor } = inputLines(state, columns, colors);
  // The line that is typed is worth more than what is around it, and the row of the cursor more than the others.
  const shownLines = Math.min(lines.length, room);
  const from = Math.max(0, Math.min(cursor.y - shownLines + 1, lines.length - shownLines));
  const left = room - shownLines;
  const top = above.slice(0, left);
  const bottom = below.slice(0, left - top.length);
  return {
    lines: [...top, ...lines.slice(from, from + shownLines), ...bottom],
    cursor: { x: cursor.x, y: top.length + cursor.y - from },
  };
}

function workLine({ since, status }: Work, now: number, columns: number): string {
  const elapsed = now - since;
  const turn = SPINNER[Math.floor(elapsed / 100) % SPINNER.length]!;
  const time =
    elapsed < LONG_MS
      ? ''
      : ` · ${elapsed < 10_000 ? `${(elapsed / 1000).toFixed(1)} s` : durationText(elapsed / 1000)}`;
  return truncate(`${turn} ${status === '' ? 'working' : status}${time}`, columns);
}

/** The label, the mark and the line, broken where the terminal ends. */
function inputLines(state: PromptState, columns: number, colors: Colors): Frame {
  const paint = painter(colors);
  const { editor } = state;
  const label = labelOf(editor, state.label, columns);
  const rows: string[] = [''];
  let x = 0;
  let cursor: Frame['cursor'] | undefined;
  const put = (text: string, shown = text): void => {
    const width = widthOf(text);
    if (x + width > columns) {
      rows.push('');
      x = 0;
    }
    rows[rows.length - 1] += shown;
    x += width;
  };
  for (const { segment } of graphemesOf(label)) put(segment, paint.bold(segment));
  put(PROMPT_MARK, paint.cyan(PROMPT_MARK));
  put(' ');
  for (const { segment, index } of graphemesOf(editor.text)) {
    const isControl = /[\u0000-\u001f\u007f]/.test(segment);
    const text = segment === '\n' ? '⏎' : visible(segment);
    if (index >= editor.cursor && cursor === undefined) cursor = placeOf(x, widthOf(text), rows.length, columns);
    put(text, isControl ? paint.dim(text) : text);
  }
  cursor ??= placeOf(x, 1, rows.length, columns);
  // A line that fills its row to the end has its cursor on the next.
  if (cursor.y === rows.length) rows.push('');
  return { lines: rows, cursor };
}

function placeOf(x: number, width: number, row: number, columns: number): Frame['cursor'] {
  return x + width > columns ? { x: 0, y: row } : { x, y: row - 1 };
}

function labelOf({ search }: EditorState, label: string, columns: number): string {
  if (search) {
    const query = search.query === '' ? '' : ` "${visible(search.query)}"`;
    const missing = !search.isMissing ? '' : search.found === undefined ? ': in no line' : ': in no other line';
    return truncate(`search${query}${missing}`, columns - 3);
  }
  // Half the width is for what is typed.
  return truncate(label, Math.max(1, Math.floor(columns / 2)));
}

/**
 * The ways to go on: each with what it is beside it where that is known and there is room, else in columns. The chosen one is in
 * brackets, and where there are many the rows around it are shown.
 */
function menuLines(menu: Menu, space: FrameSpace): string[] {
  const labels = menu.items.map(({ label }) => visible(label));
  const widest = Math.max(...labels.map(widthOf)) + 3;
  const isDescribed = menu.items.some(({ about }) => about !== '') && space.columns - widest >= LEAST_ABOUT;
  const perRow = isDescribed ? 1 : Math.max(1, Math.floor(space.columns / Math.min(space.columns, widest)));
  const lines = isDescribed ? describedLines(menu, widest, space) : gridLines(menu, perRow, space);
  const wanted = isDescribed ? Math.max(MENU_ROWS, Math.floor(space.rows / 2)) : MENU_ROWS;
  const shown = Math.max(1, Math.min(wanted, space.rows - 3));
  if (lines.length <= shown) return lines;
  const at = menu.chosen === undefined ? 0 : Math.floor(menu.chosen / perRow);
  const first = Math.max(0, Math.min(at - Math.floor(shown / 2), lines.length - shown + 1));
  return [...lines.slice(first, first + shown - 1), painter(space.colors).dim(` ${menu.items.length} in all`)];
}

function describedLines({ items, chosen }: Menu, widest: number, { columns, colors }: FrameSpace): string[] {
  const paint = painter(colors);
  return items.map(({ label, about }, i) => {
    const cell = menuCell(visible(label), i === chosen, widest, colors);
    return (cell + paint.dim(truncate(visible(about), columns - widest))).trimEnd();
  });
}

function gridLines({ items, chosen }: Menu, perRow: number, { columns, colors }: FrameSpace): string[] {
  const labels = items.map(({ label }) => visible(label));
  const width = Math.min(columns, Math.max(...labels.map(widthOf)) + 3);
  const lines: string[] = [];
  for (let from = 0; from < labels.length; from += perRow) {
    const cells = labels
      .slice(from, from + perRow)
      .map((label, i) => menuCell(label, from + i === chosen, width, colors));
    lines.push(cells.join('').trimEnd());
  }
  return lines;
}

/** A way to go on, in `width` columns. */
function menuCell(label: string, isChosen: boolean, width: number, colors: Colors): string {
  const paint = painter(colors);
  const [open, close] = isChosen ? CHOSEN : [' ', ' '];
  const cell = `${open}${truncate(label, width - 3)}${close}`;
  return (isChosen ? paint.bold(cell) : paint.dim(cell)) + ' '.repeat(Math.max(0, width - widthOf(cell)));
}
