import { percent } from '../../caption-view.js';
import { widthOf } from '../../layout.js';
import { painter } from '../../palette.js';
import type { StepSnapshot, WeighedView } from '../source.js';
import type { PanelFrame } from './candidates.js';
import { cellSpans, clipStart } from './cells.js';
import { figure, markOf, paintFate, reasonText } from './theme.js';

const REASON = 11;

/** What the last step weighed and let fall, the best first, each with the rule that it fell by. */
export function fallenLines({ fallen, step }: StepSnapshot, frame: PanelFrame, scroll: number): string[] {
  const { rows, colors } = frame;
  const paint = painter(colors);
  const height = Math.max(0, rows - 1);
  const first = Math.max(0, Math.min(scroll, fallen.length - height));
  const above = first > 0 ? ` (${first} above)` : '';
  const hint = fallen.length > 0 ? `: why, sum, probability${above}` : ': nothing';
  const title = paint.bold(`fell at step ${step}`) + paint.dim(hint);
  return [title, ...fallen.slice(first, first + height).map((one) => fallenLine(one, frame))].slice(0, rows);
}

function fallenLine({ after, text, probability, sum, fate }: WeighedView, { columns, colors }: PanelFrame): string {
  const head = `${markOf(fate)} ${reasonText(fate).padEnd(REASON)}${figure(sum)} ${percent(probability).padStart(3)} %  `;
  const gap = after.length > 0 && !after.at(-1)!.isJoined ? [{ text: ' ' }] : [];
  const token = { text, style: painter(colors).underline };
  const texts = clipStart([...cellSpans(after, { colors, isDim: true }), ...gap, token], columns - widthOf(head));
  return paintFate(head, fate, colors) + texts;
}
