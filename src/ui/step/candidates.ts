import { percentText } from '../caption-view.js';
import { bar, padEnd, widthOf } from '../layout.js';
import { painter } from '../palette.js';
import type { Colors } from '../terminal.js';
import { inWidth } from './cells.js';
import type { CandidateView, HypothesisView, StepSnapshot, TokenCell } from './source.js';
import { figure, markOf, paintFate, reasonText } from './theme.js';

export interface PanelFrame {
  readonly columns: number;
  readonly rows: number;
  readonly colors: Colors;
}

const WORD = { least: 8, most: 18 };
const BAR = { least: 4, most: 16 };
/** From these widths on there are the figures that the search ranks by. */
const WIDE = { score: 56, sum: 64 };

/** What may follow the chosen beam, by number; of a finished caption, its own tokens. */
export function candidateLines(snapshot: StepSnapshot, frame: PanelFrame): string[] {
  const one = snapshot.hypotheses[snapshot.chosen]!;
  const paint = painter(frame.colors);
  if (one.number === null) {
    const lines = one.cells.map((cell) => tokenLine(cell, one, frame));
    // The end is what it is about.
    return [paint.bold('finished: its tokens'), ...lines.slice(-Math.max(1, frame.rows - 1))].slice(0, frame.rows);
  }
  const last = one.cells.at(-1)?.text;
  const title = `beam ${one.number}: ${last === undefined ? 'how it may begin' : `after ${last}`}`;
  const width = wordWidth(one.candidates, frame.columns);
  const lines = one.candidates.map((candidate, i) => candidateLine(candidate, String(i + 1), width, frame));
  return [heading(title, width, frame), ...lines].slice(0, frame.rows);
}

/** The title, and over the figures what they are. */
function heading(title: string, width: number, { columns, colors }: PanelFrame): string {
  const paint = painter(colors);
  const figures = (columns >= WIDE.score ? '   score' : '') + (columns >= WIDE.sum ? '     sum' : '');
  const before = 3 + width + 1 + barWidth(columns) + 8;
  const room = figures === '' ? columns : before;
  return `${paint.bold(inWidth(title, room))}${paint.dim(figures)}`;
}

const barWidth = (columns: number): number => Math.min(BAR.most, Math.max(BAR.least, Math.floor((columns - 40) / 3)));

const wordWidth = (candidates: readonly { readonly text: string }[], columns: number): number =>
  Math.min(Math.max(WORD.least, ...candidates.map(({ text }) => widthOf(text))), WORD.most, Math.max(4, columns - 24));

/** A continuation in a line: number, token, how likely, what the search makes of it. */
export function candidateLine(
  { text, probability, sum, score, fate }: CandidateView,
  name: string,
  width: number,
  { columns, colors }: PanelFrame,
): string {
  const bars = barWidth(columns);
  const likely = `${padEnd(bar(probability, bars), bars)} ${percentText(probability)}`;
  const figures = (columns >= WIDE.score ? figure(score) : '') + (columns >= WIDE.sum ? figure(sum) : '');
  const head = `${name.padStart(2)} ${inWidth(text, width)} ${likely}${figures} `;
  const room = columns - widthOf(head);
  return paintFate(
    `${head}${room > 2 ? inWidth(`${markOf(fate)} ${reasonText(fate)}`, room).trimEnd() : ''}`,
    fate,
    colors,
  );
}

function tokenLine(cell: TokenCell, { cells }: HypothesisView, { columns }: PanelFrame): string {
  const width = wordWidth(cells, columns);
  const bars = barWidth(columns);
  const forced = cell.isForced ? '  forced' : '';
  return `   ${inWidth(cell.text, width)} ${padEnd(bar(cell.probability, bars), bars)} ${percentText(cell.probability)}${forced}`;
}
