import type { Candidate, SearchNode } from '../../../model/decoding/index.js';
import {
  CANDIDATES,
  candidatesOf,
  endOf,
  type Hypothesis,
  hypothesesOf,
  tokensTo,
} from '../../../model/stepper/line.js';
import { currentLine } from '../../../model/stepper/session.js';
import { percentText } from '../../caption-view.js';
import { bar, padEnd, widthOf } from '../../layout.js';
import { painter } from '../../palette.js';
import type { Colors } from '../../terminal.js';
import type { StepSnapshot } from '../source.js';
import { inWidth } from './cells.js';
import { CHOSEN, figure, markOf, paintFate, reasonText } from './theme.js';
import type { TokenTexts } from './token-texts.js';
import { firstRow } from './viewport.js';

export interface PanelFrame {
  readonly columns: number;
  readonly rows: number;
  readonly colors: Colors;
}

const WORD = { least: 8, most: 18 };
const BAR = { least: 4, most: 16 };
/** From these widths on there are the figures that the search ranks by. */
const WIDE = { score: 56, sum: 64 };

/** So many columns show one beam in full; from twice as many on, its neighbours stand beside it. */
const ONE = 68;
const GAP = 2;

/** What may follow the chosen beam, by number, and beside it, where there is room, what may follow its neighbours. */
export function candidateLines(snapshot: StepSnapshot, { columns, ...frame }: PanelFrame): string[] {
  const line = currentLine(snapshot.session);
  const hypotheses = hypothesesOf(line);
  const { chosen } = line;
  const count = Math.min(hypotheses.length, Math.max(1, Math.floor((columns + GAP) / (ONE + GAP))));
  const first = firstRow(chosen, hypotheses.length, count);
  const width = count === 1 ? columns : Math.floor((columns + GAP) / count) - GAP;
  const panels = hypotheses
    .slice(first, first + count)
    .map((one, i) => panelOf(one, first + i === chosen, snapshot, { ...frame, columns: width }));
  return Array.from({ length: frame.rows }, (_, row) =>
    panels.map((lines, i) => (i < count - 1 ? padEnd(lines[row] ?? '', width + GAP) : (lines[row] ?? ''))).join(''),
  );
}

function panelOf(
  one: Hypothesis,
  isChosen: boolean,
  { session, preview, texts }: StepSnapshot,
  frame: PanelFrame,
): string[] {
  const { rows, columns } = frame;
  const nodes = tokensTo(currentLine(session).state.nodes, endOf(one));
  const marker = isChosen ? CHOSEN : ' ';
  if (one.kind === 'finished') {
    const words = wordWidth(nodes, texts.of, columns);
    const lines = nodes.map((node) => tokenLine(node, texts, words, frame));
    const height = Math.max(1, rows - 1);
    const above = Math.max(0, lines.length - height);
    const title = `${marker} finished: its tokens${above > 0 ? ` (${above} above)` : ''}`;
    return [titleLine(title, columns, '', isChosen, frame), ...lines.slice(above)].slice(0, rows);
  }
  const last = nodes.at(-1);
  const title = `${marker} beam ${one.number}: ${last ? `after ${texts.of(last.token)}` : 'how it may begin'}`;
  const candidates = candidatesOf(preview, one).slice(0, CANDIDATES);
  const width = wordWidth(candidates, texts.label, columns);
  const lines = candidates.map((candidate, i) => candidateLine(candidate, texts, String(i + 1), width, frame));
  const figures = (columns >= WIDE.score ? '   score' : '') + (columns >= WIDE.sum ? '     sum' : '');
  const before = figures === '' ? columns : 3 + width + 1 + barWidth(columns) + 8;
  return [titleLine(title, before, figures, isChosen, frame), ...lines].slice(0, rows);
}

/** A title, and over the figures what they are. */
function titleLine(title: string, room: number, figures: string, isChosen: boolean, { colors }: PanelFrame): string {
  const paint = painter(colors);
  const text = inWidth(title, room);
  return `${isChosen ? paint.bold(text) : paint.dim(text)}${paint.dim(figures)}`;
}

const barWidth = (columns: number): number => Math.min(BAR.most, Math.max(BAR.least, Math.floor((columns - 40) / 3)));

function wordWidth(tokens: readonly { readonly token: number }[], textOf: (id: number) => string, columns: number) {
  const widest = Math.max(WORD.least, ...tokens.map(({ token }) => widthOf(textOf(token))));
  return Math.min(widest, WORD.most, Math.max(4, columns - 24));
}

/** A continuation in a line: number, token, how likely, what the search makes of it. */
function candidateLine(
  { token, logprob, sum, score, fate }: Candidate,
  texts: TokenTexts,
  name: string,
  width: number,
  { columns, colors }: PanelFrame,
): string {
  const bars = barWidth(columns);
  const probability = Math.exp(logprob);
  const likely = `${padEnd(bar(probability, bars), bars)} ${percentText(probability)}`;
  const figures = (columns >= WIDE.score ? figure(score) : '') + (columns >= WIDE.sum ? figure(sum) : '');
  const head = `${name.padStart(2)} ${inWidth(texts.label(token), width)} ${likely}${figures} `;
  const room = columns - widthOf(head);
  return paintFate(
    `${head}${room > 2 ? inWidth(`${markOf(fate)} ${reasonText(fate)}`, room).trimEnd() : ''}`,
    fate,
    colors,
  );
}

function tokenLine(node: SearchNode, texts: TokenTexts, width: number, { columns }: PanelFrame): string {
  const bars = barWidth(columns);
  const probability = Math.exp(node.logprob);
  const likely = `${padEnd(bar(probability, bars), bars)} ${percentText(probability)}`;
  return `   ${inWidth(texts.of(node.token), width)} ${likely}${node.forced ? '  forced' : ''}`;
}
