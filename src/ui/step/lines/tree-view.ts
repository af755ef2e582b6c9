import type { SearchState } from '../../../model/decoding/index.js';
import { chosenOf, endOf } from '../../../model/stepper/line.js';
import { currentLine } from '../../../model/stepper/session.js';
import { type SessionNode, sessionTree } from '../../../model/stepper/tree.js';
import { truncate, widthOf } from '../../layout.js';
import { painter } from '../../palette.js';
import type { Colors } from '../../terminal.js';
import type { StepSnapshot } from '../source.js';
import { cellSpans, cellsWidth, clip, clipStart, gapAfter, inWidth, type Pen, type Span, spansWidth } from './cells.js';
import { CHOSEN, figure, markOf, paintFate, reasonText } from './theme.js';
import { type TreeRow, treeRows } from './tree.js';
import { firstRow, outsideText } from './viewport.js';

const GUTTER = 2;
/** What stands at the end of a row: a mark, then a score or the reason. */
const TAIL = 13;
/** Texts have so many columns at least, and so many after the longest. */
const TEXT = 40;
const GAP = 4;
/** So much of each text is drawn where the tree is wider than its place. */
const LEAST_TEXT = 12;
/** Narrower, the texts are worth more than what became of them. */
const NARROW = 36;

export interface TreeFrame {
  readonly columns: number;
  readonly rows: number;
  readonly colors: Colors;
  /** Rows further down than where the chosen beam is in the middle. */
  readonly scroll: number;
  /** One line's tree alone, with a title of its own; otherwise that of all lines. */
  readonly only?: { readonly line: number; readonly title: string };
}

interface DrawnTree {
  readonly states: readonly SearchState[];
  readonly colors: Colors;
  readonly rows: readonly TreeRow[];
  readonly tokens: number;
  /** Columns that the longest text takes. */
  readonly widest: number;
}

/** By the first search that is drawn: all lines, or one. */
const drawn = { all: new WeakMap<SearchState, DrawnTree>(), one: new WeakMap<SearchState, DrawnTree>() };

/** The rows of the tree, without what was given; keys that do not change a search do not cost it again. */
export function drawnTree({ session: { walk }, texts }: StepSnapshot, colors: Colors, only?: number): DrawnTree {
  const lines = only === undefined ? walk.lines : [walk.lines[only]!];
  const states = lines.map(({ state }) => state);
  const kept = only === undefined ? drawn.all : drawn.one;
  const known = kept.get(states[0]!);
  const isSame = known?.states.length === states.length && states.every((own, i) => own === known.states[i]);
  if (isSame && known.colors === colors) return known;
  const pen = { texts, colors };
  const nodes = sessionTree({ lines }).filter(({ step }) => step > 0);
  const rows = treeRows(nodes, pen);
  const widest = Math.max(0, ...rows.map((row) => row.column + cellsWidth(row.nodes, pen)));
  const made = { states, colors, rows, tokens: nodes.length, widest };
  kept.set(states[0]!, made);
  return made;
}

/** The node that the chosen text ends with, of the current line or of another. */
const chosenNode = ({ session: { walk } }: StepSnapshot, only = walk.line): number =>
  endOf(chosenOf(walk.lines[only]!));

/** Columns in which the longest text has room, and what became of it. */
export const treeWidth = (snapshot: StepSnapshot, colors: Colors): number =>
  GUTTER + Math.max(TEXT, drawnTree(snapshot, colors).widest + GAP) + tailWidth(snapshot);

/** The row that the chosen text ends in. */
export function chosenRow(snapshot: StepSnapshot, colors: Colors, only?: number): number {
  const node = chosenNode(snapshot, only);
  const found = drawnTree(snapshot, colors, only).rows.findIndex(({ nodes }) => nodes.some(({ id }) => id === node));
  return Math.max(0, found);
}

/** A title, and as much of the tree as there is room for: the rows around the chosen beam, moved by `scroll`. */
export function treeLines(
  snapshot: StepSnapshot,
  { columns, rows: height, colors, scroll, only }: TreeFrame,
): string[] {
  if (height < 1) return [];
  const { rows, tokens, widest } = drawnTree(snapshot, colors, only?.line);
  const paint = painter(colors);
  const name = truncate(only?.title ?? 'tree', columns);
  if (rows.length === 0) {
    return [paint.bold(name), paint.dim(truncate('Space takes the first step', columns))].slice(0, height);
  }
  const node = chosenNode(snapshot, only?.line);
  const at = chosenRow(snapshot, colors, only?.line);
  const first = firstRow(at, rows.length, height - 1, scroll);
  const outside = outsideText(first, height - 1, rows.length);
  const { state } = currentLine(snapshot.session);
  const prompt = snapshot.texts.caption(state.nodes.slice(0, state.promptLength).map(({ token }) => token));
  const given = prompt === '' ? '' : ` after "${prompt}"`;
  const title = `  ${tokens} tokens${given}${outside === '' ? '' : `, rows: ${outside}`}`;
  const tailColumns = only ? TAIL + 1 : tailWidth(snapshot);
  const most = GUTTER + Math.max(TEXT, widest + GAP) + tailColumns;
  const width = Math.min(columns, most) - GUTTER - (columns < NARROW ? 0 : tailColumns);
  const from = offsetOf(rows[at]!, node, width, { texts: snapshot.texts, colors });
  return [
    paint.bold(name) + paint.dim(truncate(title, columns - widthOf(name))),
    ...rows
      .slice(first, first + height - 1)
      .map((row) => drawRow(row, { snapshot, node, from, width, hasTail: columns >= NARROW, hasLine: !only, colors })),
  ];
}

/** How far all rows are moved to the left, so that the end of the chosen text is there. */
function offsetOf({ nodes, column }: TreeRow, node: number, width: number, pen: Pen): number {
  const upTo = nodes.slice(0, nodes.findIndex(({ id }) => id === node) + 1);
  return Math.max(0, column + cellsWidth(upTo, pen) + 1 - width);
}

interface RowFrame {
  readonly snapshot: StepSnapshot;
  readonly node: number;
  readonly from: number;
  readonly width: number;
  readonly hasTail: boolean;
  readonly hasLine: boolean;
  readonly colors: Colors;
}

function drawRow(row: TreeRow, { snapshot, node, from, width, hasTail, hasLine, colors }: RowFrame): string {
  const paint = painter(colors);
  const isChosen = row.nodes.some(({ id }) => id === node);
  const gutter = isChosen ? paint.bold(`${CHOSEN} `) : '  ';
  const body = rowBody(row, from, width, { texts: snapshot.texts, colors });
  if (!hasTail) return gutter + body;
  const pad = ' '.repeat(Math.max(0, width - widthOf(body)) + 1);
  return `${gutter}${body}${pad}${tail(row.nodes.at(-1)!, snapshot, hasLine, colors)}`;
}

/**
 * A row between the columns `from` and `from + width`. Of a text that lies beside them its end is drawn at their left
 * edge, or its beginning at their right edge.
 */
function rowBody(row: TreeRow, from: number, width: number, pen: Pen): string {
  const paint = painter(pen.colors);
  const cells = rowSpans(row.nodes, pen);
  const text = spansWidth(cells);
  const least = Math.min(text, LEAST_TEXT, width);
  if (row.column + text - from < least) return clipStart(cells, least);
  const last = Math.max(0, from + width - least);
  const moved = row.column > last && row.branch !== null ? Math.max(0, last - (row.column - row.branch)) : undefined;
  const stemText = stem(
    moved === undefined ? row : { ...row, branch: moved, column: moved + row.column - row.branch! },
  );
  return clip([{ text: stemText, style: paint.dim }, ...cells], from, width);
}

/** The lines that lead to a row's text, and those that pass it. */
function stem({ column, branch, isLast, guides }: TreeRow): string {
  const marks = Array<string>(column).fill(' ');
  for (const guide of guides) if (guide < column) marks[guide] = '│';
  if (branch !== null) {
    marks[branch] = isLast ? '└' : '├';
    marks[branch + 1] = '─';
  }
  return marks.join('');
}

/** The tokens of a row: those that lead to something that survives in colour, the others dimmed. */
function rowSpans(nodes: readonly SessionNode[], pen: Pen): Span[] {
  const alive = nodes.filter(({ state }) => state !== 'pruned');
  const fallen = nodes.slice(alive.length);
  const gap = fallen.length > 0 ? [{ text: gapAfter(alive.at(-1), pen) }] : [];
  return [...cellSpans(alive, pen), ...gap, ...cellSpans(fallen, { ...pen, isDim: true })];
}

const tailWidth = ({ session: { walk } }: StepSnapshot): number =>
  TAIL + 1 + (walk.lines.length > 1 ? String(walk.lines.length - 1).length + 2 : 0);

/** What became of a row: its score, or why it ended; where several lines are drawn, in which. */
function tail(
  { state, why, score, line }: SessionNode,
  { session }: StepSnapshot,
  hasLine: boolean,
  colors: Colors,
): string {
  const { lines, line: current } = session.walk;
  const text = state === 'pruned' ? reasonText(why ?? 'score') : figure(score).trim();
  const label = hasLine && lines.length > 1 ? `L${String(line).padEnd(String(lines.length - 1).length)} ` : '';
  const shown = line === current ? label : painter(colors).dim(label);
  return shown + paintFate(inWidth(`${markOf(state)} ${text}`, TAIL), state, colors);
}
