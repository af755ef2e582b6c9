import {
  candidatesOf,
  endOf,
  type Hypothesis,
  hypothesesOf,
  type Line,
  tokensTo,
} from '../../../model/stepper/line.js';
import { currentLine } from '../../../model/stepper/session.js';
import { percent } from '../../caption-view.js';
import { padEnd, widthOf } from '../../layout.js';
import { painter } from '../../palette.js';
import type { Colors } from '../../terminal.js';
import type { StepSnapshot } from '../source.js';
import { type CellStyle, cellSpans, clip, clipStart, type Pen, type Span, spansWidth } from './cells.js';
import { CHOSEN, figure, MARKS, markOf, survives } from './theme.js';
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
  const line = currentLine(snapshot.session);
  const hypotheses = hypothesesOf(line);
  const { chosen } = line;
  const hasTitle = rows > 2 && columns >= WIDE.score;
  const height = hasTitle ? rows - 1 : rows;
  const first = firstRow(chosen, hypotheses.length, height);
  const shown = hypotheses.slice(first, first + height);
  const next = nextColumns(shown, line, columns, { texts: snapshot.texts, colors });
  const frame = { snapshot, columns, next, colors, back };
  const lines = shown.map((one, i) => beamLine(one, first + i === chosen, frame));
  if (!hasTitle) return lines;
  const outside = outsideText(first, height, hypotheses.length);
  return [title(columns, next, outside, colors), ...lines];
}

/** Columns for what may follow: what the texts leave, at least a third; none where all are finished. */
function nextColumns(shown: readonly Hypothesis[], { state }: Line, columns: number, pen: Pen): number {
  if (columns < WIDE.next || shown.every(({ kind }) => kind === 'finished')) return 0;
  const longest = Math.max(...shown.map((one) => spansWidth(cellSpans(tokensTo(state.nodes, endOf(one)), pen))));
  const texts = HEAD + TEXT_STEP * Math.ceil((longest + 3) / TEXT_STEP);
  return Math.max(Math.floor(columns * NEXT_SHARE), columns - texts);
}

function title(columns: number, next: number, outside: string, colors: Colors): string {
  const sum = columns >= WIDE.sum ? '     sum' : '';
  const head = `beam   score${sum}  text${outside === '' ? '' : ` (${outside})`}`;
  return painter(colors).dim(next > 0 ? `${padEnd(head, columns - next)}next` : head);
}

interface LineFrame extends Omit<BeamsFrame, 'rows'> {
  readonly snapshot: StepSnapshot;
  readonly next: number;
}

function beamLine(one: Hypothesis, isChosen: boolean, { snapshot, columns, next, colors, back }: LineFrame): string {
  const paint = painter(colors);
  const name = one.kind === 'finished' ? paint.green(MARKS.finished.padStart(2)) : String(one.number).padStart(2);
  const marker = `${isChosen ? CHOSEN : ' '}${name} `;
  const figures =
    (columns >= WIDE.score ? figure(one.score) : '') + (columns >= WIDE.sum ? paint.dim(figure(one.text.sum)) : '');
  const head = `${isChosen ? paint.bold(marker) : marker}${figures}${figures === '' ? '' : '  '}`;
  const room = columns - widthOf(head) - (next > 0 ? next + 1 : 0);
  const nodes = tokensTo(currentLine(snapshot.session).state.nodes, endOf(one));
  const place = nodes.length - 1 - back;
  const style: CellStyle = { texts: snapshot.texts, colors, ...(isChosen && place >= 0 && { current: place }) };
  const spans = cellSpans(nodes, style);
  const text =
    isChosen && back > 0 ? textUpTo(spans, cellSpans(nodes.slice(0, place + 1), style), room) : clipStart(spans, room);
  return next > 0 ? `${head}${padEnd(text, room)} ${nextText(one, next, snapshot, colors)}` : head + text;
}

/** What is around an earlier token of a text, which is looked at. */
function textUpTo(spans: readonly Span[], before: readonly Span[], room: number): string {
  return clip(spans, Math.max(0, spansWidth(before) + 2 - room), room);
}

/** "on 97● with 1": as many of the likeliest continuations as there is room for; those that survive are marked. */
function nextText(one: Hypothesis, width: number, { preview, texts }: StepSnapshot, colors: Colors): string {
  const paint = painter(colors);
  let line = '';
  for (const { token, logprob, fate } of candidatesOf(preview, one).slice(0, MOST_NEXT)) {
    const mark = survives(fate) ? markOf(fate) : '';
    const part = `${texts.label(token)} ${percent(Math.exp(logprob))}${mark}`;
    const joined = line === '' ? part : `  ${part}`;
    if (widthOf(line) + widthOf(joined) > width) break;
    line += survives(fate) ? joined : paint.dim(joined);
  }
  return line;
}
