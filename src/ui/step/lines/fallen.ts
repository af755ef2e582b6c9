import type { Candidate } from '../../../model/decoding/index.js';
import { fallenOf, tokensTo } from '../../../model/stepper/line.js';
import { currentLine } from '../../../model/stepper/session.js';
import { percent } from '../../caption-view.js';
import { widthOf } from '../../layout.js';
import { painter } from '../../palette.js';
import type { StepSnapshot } from '../source.js';
import type { PanelFrame } from './candidates.js';
import { cellSpans, clipStart, gapAfter } from './cells.js';
import { figure, markOf, paintFate, reasonText } from './theme.js';

const REASON = 11;

/** What the last step weighed and let fall, the best first, each with the rule that it fell by. */
export function fallenLines(snapshot: StepSnapshot, frame: PanelFrame, scroll: number): string[] {
  const { rows, colors } = frame;
  const line = currentLine(snapshot.session);
  const fallen = fallenOf(line);
  const paint = painter(colors);
  const height = Math.max(0, rows - 1);
  const first = Math.max(0, Math.min(scroll, fallen.length - height));
  const above = first > 0 ? ` (${first} above)` : '';
  const hint = fallen.length > 0 ? `: why, sum, probability${above}` : ': nothing';
  const title = paint.bold(`fell at step ${line.state.step}`) + paint.dim(hint);
  return [title, ...fallen.slice(first, first + height).map((one) => fallenLine(one, snapshot, frame))].slice(0, rows);
}

function fallenLine(
  { parent, token, logprob, sum, fate }: Candidate,
  { session, texts }: StepSnapshot,
  { columns, colors }: PanelFrame,
): string {
  const likely = `${percent(Math.exp(logprob)).padStart(3)} %  `;
  const head = `${markOf(fate)} ${reasonText(fate).padEnd(REASON)}${figure(sum)} ${likely}`;
  const pen = { texts, colors };
  const after = tokensTo(currentLine(session).state.nodes, parent);
  const spans = [
    ...cellSpans(after, { ...pen, isDim: true }),
    { text: gapAfter(after.at(-1), pen) },
    { text: texts.label(token), style: painter(colors).underline },
  ];
  return paintFate(head, fate, colors) + clipStart(spans, columns - widthOf(head));
}
