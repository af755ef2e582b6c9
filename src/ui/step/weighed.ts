import { widthOf } from '../layout.js';
import { painter } from '../palette.js';
import type { PanelFrame } from './candidates.js';
import { cellText, clipStart, percent } from './cells.js';
import type { StepSnapshot, WeighedView } from './source.js';
import { figure, markOf, paintFate, reasonText } from './theme.js';

const REASON = 12;

/** What the last step weighed, the best first: what went on, what ended, and what fell by which rule. */
export function weighedLines({ weighed, step }: StepSnapshot, frame: PanelFrame, scroll: number): string[] {
  const { rows, colors } = frame;
  const paint = painter(colors);
  if (weighed.length === 0) return [paint.dim('no step was taken yet')].slice(0, rows);
  const height = Math.max(0, rows - 1);
  const first = Math.max(0, Math.min(scroll, weighed.length - height));
  const kept = weighed.filter(({ fate }) => fate === 'live' || fate === 'finished').length;
  const title = `step ${step} weighed ${weighed.length}, kept ${kept}`;
  return [paint.bold(title), ...weighed.slice(first, first + height).map((one) => weighedLine(one, frame))].slice(
    0,
    rows,
  );
}

function weighedLine({ after, text, probability, sum, fate }: WeighedView, { columns, colors }: PanelFrame): string {
  const paint = painter(colors);
  const head = `${markOf(fate)} ${reasonText(fate).padEnd(REASON)}${figure(sum)} ${percent(probability).padStart(3)} %  `;
  const texts = after.flatMap((cell) => [
    { text: cellText(cell, colors), style: paint.dim },
    ...(cell.isJoined ? [] : [{ text: ' ' }]),
  ]);
  return (
    paintFate(head, fate, colors) +
    paintFate(clipStart([...texts, { text }], Math.max(0, columns - widthOf(head))), fate, colors)
  );
}
