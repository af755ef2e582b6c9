import { truncate, widthOf } from '../../layout.js';
import { painter } from '../../palette.js';
import type { Colors } from '../../terminal.js';
import { KEY_LINES } from '../keys.js';
import type { StepSnapshot, StepSource } from '../source.js';
import type { StepState } from '../state.js';
import { CHOSEN, figure, MARKS } from './theme.js';
import { firstRow } from './viewport.js';

/** The first line: where the search stands, and what is searched. */
export function headLine(
  { image, model }: Pick<StepSource, 'image' | 'model'>,
  { step, maxSteps, isDone, search, past, future }: StepSnapshot,
  columns: number,
  colors: Colors,
): string {
  const where = isDone ? `ended at step ${step}` : `step ${step} of ${maxSteps}`;
  const history = past + future > 0 ? ` · history ${past}/${past + future}` : '';
  const rest = ` · ${search} · ${image} · ${model}${history}`;
  const paint = painter(colors);
  return `${paint.bold(truncate(where, columns))}${paint.dim(truncate(rest, columns - widthOf(where)))}`;
}

/** The lines of exploration side by side: the best text of each. */
export function lineLines({ lines, line }: StepSnapshot, columns: number, rows: number, colors: Colors): string[] {
  const paint = painter(colors);
  const first = firstRow(line, lines.length, rows);
  return lines.slice(first, first + rows).map(({ text, score, step, isDone }, i) => {
    const isCurrent = first + i === line;
    const state = isDone ? `${MARKS.finished} ended at step ${step}` : `${MARKS.live} step ${step}`;
    const head = `${isCurrent ? CHOSEN : ' '} line ${first + i} ${figure(score)}  `;
    const shown = truncate(`${head}${text}  ${state}`, columns);
    return isCurrent ? paint.bold(shown) : paint.dim(shown);
  });
}

/** The last line: what there is to say, else the keys that mean something now. */
export function footLine(remark: string, mode: StepState['mode'], columns: number, colors: Colors): string {
  const paint = painter(colors);
  if (mode === 'leave') return paint.bold(truncate(KEY_LINES.leave, columns));
  return remark !== '' ? paint.bold(truncate(remark, columns)) : paint.dim(truncate(KEY_LINES[mode], columns));
}
