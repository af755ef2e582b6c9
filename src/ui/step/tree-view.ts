import { widthOf } from '../layout.js';
import { painter } from '../palette.js';
import type { Colors } from '../terminal.js';
import { cellSpans, cellText, clip, inWidth, type Span } from './cells.js';
import type { StepSnapshot, TreeNodeView } from './source.js';
import { CHOSEN, figure, markOf, paintFate, reasonText } from './theme.js';
import { type TreeRow, treeRows } from './tree.js';

const GUTTER = 2;
/** What stands at the end of a row: a mark, then a score or the reason. */
const TAIL = 13;
/** Narrower, the texts are worth more than what became of them. */
const NARROW = 36;

export interface TreeFrame {
  readonly columns: number;
  readonly rows: number;
  readonly colors: Colors;
  /** Rows further down than where the chosen beam is in the middle. */
  readonly scroll: number;
}

const drawn = new WeakMap<StepSnapshot['tree'], Map<Colors, readonly TreeRow[]>>();

/** The rows of a snapshot's tree; keys that do not change the tree do not cost it again. */
export function rowsOf({ tree }: StepSnapshot, colors: Colors): readonly TreeRow[] {
  const known = drawn.get(tree) ?? new Map<Colors, readonly TreeRow[]>();
  drawn.set(tree, known);
  const rows = known.get(colors) ?? treeRows(tree, colors);
  known.set(colors, rows);
  return rows;
}

/** As much of the tree as there is room for: the rows around the chosen beam, moved by `scroll`. */
export function treeLines(snapshot: StepSnapshot, { columns, rows: height, colors, scroll }: TreeFrame): string[] {
  const rows = rowsOf(snapshot, colors);
  if (rows.length === 0) return [painter(colors).dim('nothing yet: Space takes the first step')].slice(0, height);
  const { node } = snapshot.hypotheses[snapshot.chosen]!;
  const at = Math.max(
    0,
    rows.findIndex(({ nodes }) => nodes.some(({ id }) => id === node)),
  );
  const first = firstRow(at, rows.length, height, scroll);
  const width = columns - GUTTER - (columns < NARROW ? 0 : TAIL + 1 + lineLabelWidth(snapshot));
  const from = offsetOf(rows[at]!, node, width, colors);
  return rows
    .slice(first, first + height)
    .map((row) => drawRow(row, { snapshot, node, from, width, hasTail: columns >= NARROW, colors }));
}

/** Which row stands at the top, so that row `at` is in the middle where there are rows on both sides. */
export function firstRow(at: number, count: number, height: number, scroll: number): number {
  const wanted = at - Math.floor(height / 2) + scroll;
  return Math.max(0, Math.min(wanted, count - height));
}

/** "12 rows above, 30 below": what a viewport leaves out. */
export function outsideText(first: number, height: number, count: number): string {
  const below = Math.max(0, count - first - height);
  return [first > 0 ? `${first} above` : '', below > 0 ? `${below} below` : '']
    .filter((part) => part !== '')
    .join(', ');
}

/** How far all rows are moved to the left, so that the end of the chosen text is there. */
function offsetOf({ nodes, column }: TreeRow, node: number, width: number, colors: Colors): number {
  let end = column;
  for (const { id, cell } of nodes) {
    end += widthOf(cellText(cell, colors)) + (cell.isJoined ? 0 : 1);
    if (id === node) break;
  }
  return Math.max(0, end + 1 - width);
}

interface RowFrame {
  readonly snapshot: StepSnapshot;
  readonly node: number;
  readonly from: number;
  readonly width: number;
  readonly hasTail: boolean;
  readonly colors: Colors;
}

function drawRow(row: TreeRow, { snapshot, node, from, width, hasTail, colors }: RowFrame): string {
  const paint = painter(colors);
  const isChosen = row.nodes.some(({ id }) => id === node);
  const gutter = isChosen ? paint.bold(`${CHOSEN} `) : '  ';
  const spans: Span[] = [{ text: stem(row), style: paint.dim }, ...texts(row.nodes, colors)];
  const body = clip(spans, from, width);
  if (!hasTail) return gutter + body;
  const pad = ' '.repeat(Math.max(0, width - widthOf(body)) + 1);
  return `${gutter}${body}${pad}${tail(row.nodes.at(-1)!, snapshot, colors)}`;
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
function texts(nodes: readonly TreeNodeView[], colors: Colors): Span[] {
  const alive = nodes.filter(({ state }) => state !== 'pruned');
  const fallen = nodes.slice(alive.length);
  const cells = (some: readonly TreeNodeView[]) => some.map(({ cell }) => cell);
  const gap = alive.length > 0 && fallen.length > 0 && !alive.at(-1)!.cell.isJoined ? [{ text: ' ' }] : [];
  return [...cellSpans(cells(alive), { colors }), ...gap, ...cellSpans(cells(fallen), { colors, isDim: true })];
}

const lineLabelWidth = ({ lines }: StepSnapshot): number =>
  lines.length > 1 ? String(lines.length - 1).length + 2 : 0;

/** What became of a row: its score, or why it ended; with several lines, in which. */
function tail(
  { state, why, score, line }: TreeNodeView,
  { lines, line: current }: StepSnapshot,
  colors: Colors,
): string {
  const text = state === 'pruned' ? reasonText(why ?? 'score') : figure(score).trim();
  const label = lines.length > 1 ? `L${String(line).padEnd(String(lines.length - 1).length)} ` : '';
  const shown = line === current ? label : painter(colors).dim(label);
  return shown + paintFate(inWidth(`${markOf(state)} ${text}`, TAIL), state, colors);
}
