import { percent } from '../../caption-view.js';
import { padEnd, widthOf } from '../../layout.js';
import { painter } from '../../palette.js';
import type { Colors } from '../../terminal.js';
import type { HypothesisView, StepSnapshot } from '../source.js';
import { type CellStyle, cellSpans, clip, clipStart, type Span, spansWidth } from './cells.js';
import { CHOSEN, figure, MARKS, survives } from './theme.js';
import { firstRow, outsideText } from './viewport.js';

interface BeamsFrame {
  readonly columns: number;
  readonly rows: number;
  readonly colors: Colors;
  /** How many tokens before its end the chosen text is looked at. */
  readonly back: number;
}

/** From these widths on there are a title, the sum before the length penalty, and what may follow. */
const WIDE = { score: 24, sum: 44, next: 72 };
const NEXT_SHARE = 0.34;
const MOST_NEXT = 4;
/** Columns before the texts; and so that what stands behind them moves seldom. */
const HEAD = 22;
const TEXT_STEP = 8;

/** Every beam with its text, its score and sum, and the likeliest that may follow; then what is finished. */
export function beamLines(snapshot: StepSnapshot, { columns, rows, colors, back }: BeamsFrame): string[] {
  const { hypotheses, chosen } = snapshot;
  const hasTitle = rows > 2 && columns >= WIDE.score;
  const height = hasTitle ? rows - 1 : rows;
  const first = firstRow(chosen, hypotheses.length, height);
  const shown = hypotheses.slice(first, first + height);
  const next = nextColumns(shown, columns, colors);
  const lines = shown.map((one, i) => beamLine(one, first + i === chosen, { columns, next, colors, back }));
  if (!hasTitle) return lines;
  const outside = outsideText(first, height, hypotheses.length);
  return [title(columns, next, outside, colors), ...lines];
}

/** Columns for what may follow: what the texts leave, at least a third; none where all are finished. */
function nextColumns(shown: readonly HypothesisView[], columns: number, colors: Colors): number {
  if (columns < WIDE.next || shown.every(({ number }) => number === null)) return 0;
  const longest = Math.max(...shown.map(({ cells }) => spansWidth(cellSpans(cells, { colors }))));
  const texts = HEAD + TEXT_STEP * Math.ceil((longest + 3) / TEXT_STEP);
  return Math.max(Math.floor(columns * NEXT_SHARE), columns - texts);
}

function title(columns: number, next: number, outside: string, colors: Colors): string {
  const sum = columns >= WIDE.sum ? '     sum' : '';
  const head = `beam   score${sum}  text${outside === '' ? '' : ` (${outside})`}`;
  return painter(colors).dim(next > 0 ? `${padEnd(head, columns - next)}next` : head);
}

interface LineFrame extends Omit<BeamsFrame, 'rows'> {
  readonly next: number;
}

function beamLine(one: HypothesisView, isChosen: boolean, { columns, next, colors, back }: LineFrame): string {
  const paint = painter(colors);
  const name = one.number === null ? paint.green(MARKS.finished.padStart(2)) : String(one.number).padStart(2);
  const marker = `${isChosen ? CHOSEN : ' '}${name} `;
  const figures =
    (columns >= WIDE.score ? figure(one.score) : '') + (columns >= WIDE.sum ? paint.dim(figure(one.sum)) : '');
  const head = `${isChosen ? paint.bold(marker) : marker}${figures}${figures === '' ? '' : '  '}`;
  const room = columns - widthOf(head) - (next > 0 ? next + 1 : 0);
  const place = one.cells.length - 1 - back;
  const style: CellStyle = { colors, ...(isChosen && place >= 0 && { current: place }) };
  const text = textAround(cellSpans(one.cells, style), room, isChosen && back > 0 ? place : undefined, one, style);
  return next > 0 ? `${head}${padEnd(text, room)} ${nextText(one, next, colors)}` : head + text;
}

/** The end of a text that is too long; or, when an earlier token is looked at, what is around that. */
function textAround(
  spans: readonly Span[],
  room: number,
  place: number | undefined,
  { cells }: HypothesisView,
  style: CellStyle,
): string {
  if (place === undefined) return clipStart(spans, room);
  const before = cellSpans(cells.slice(0, place + 1), style);
  const end = before.reduce((sum, { text }) => sum + widthOf(text), 0);
  return clip(spans, Math.max(0, end + 2 - room), room);
}

/** "on 97● with 1": as many of the likeliest continuations as there is room for; those that survive are marked. */
function nextText({ candidates }: HypothesisView, width: number, colors: Colors): string {
  const paint = painter(colors);
  let line = '';
  for (const { text, probability, fate } of candidates.slice(0, MOST_NEXT)) {
    const mark = survives(fate) ? (fate === 'live' ? MARKS.live : MARKS.finished) : '';
    const part = `${text} ${percent(probability)}${mark}`;
    const joined = line === '' ? part : `  ${part}`;
    if (widthOf(line) + widthOf(joined) > width) break;
    line += survives(fate) ? joined : paint.dim(joined);
  }
  return line;
}
