import { type DecodingOptions, isDone, results } from '../../../model/decoding/index.js';
import { hypothesesOf } from '../../../model/stepper/line.js';
import { currentLine } from '../../../model/stepper/session.js';
import { truncate, widthOf } from '../../layout.js';
import { painter } from '../../palette.js';
import { asScored, widthName } from '../../search-name.js';
import type { Colors } from '../../terminal.js';
import { stepKeyLine } from '../keys.js';
import type { StepSnapshot, StepSource } from '../source.js';
import type { StepState } from '../state.js';
import { changesText } from './changes.js';
import { CHOSEN, figure, MARKS } from './theme.js';
import { firstRow } from './viewport.js';

/** The first line: where the search stands, what there is to say of the map, and what is searched. */
export function headLine(
  { image, model }: Pick<StepSource, 'image' | 'model'>,
  { session }: StepSnapshot,
  columns: number,
  colors: Colors,
  mapRemark = '',
): string {
  const { state } = currentLine(session);
  const { step, options, promptLength } = state;
  const where = isDone(state) ? `ended at step ${step}` : `step ${step} of ${options.maxLength - promptLength}`;
  const past = session.past.length;
  const all = past + session.future.length;
  const history = all > 0 ? ` · history ${past}/${all}` : '';
  const map = mapRemark === '' ? '' : ` · ${mapRemark}`;
  const changed = changesText(session, session.walk.line);
  const under = changed === '' ? '' : ` · ${changed}`;
  const rest = `${map}${under} · ${searchText(options)} · ${image} · ${model}${history}`;
  const paint = painter(colors);
  return `${paint.bold(truncate(where, columns))}${paint.dim(truncate(rest, columns - widthOf(where)))}`;
}

/** "beam search, 6 beams". */
function searchText(options: DecodingOptions): string {
  const { strategy, groups, diversity, temperature } = options;
  const name = widthName(options);
  const text = {
    greedy: `${name} search`,
    sample: `${name} at temperature ${temperature}`,
    beam: `${groups > 1 && diversity > 0 ? 'diverse ' : ''}beam search, ${name}`,
  };
  return asScored(text[strategy], options);
}

/** The lines of exploration side by side: the best text of each. */
export function lineLines({ session, texts }: StepSnapshot, columns: number, rows: number, colors: Colors): string[] {
  const { lines, line } = session.walk;
  const paint = painter(colors);
  const first = firstRow(line, lines.length, rows);
  return lines.slice(first, first + rows).map(({ state }, i) => {
    const [best] = results(state);
    const isCurrent = first + i === line;
    const where = isDone(state) ? `${MARKS.finished} ended at step` : `${MARKS.live} step`;
    const head = `${isCurrent ? CHOSEN : ' '} line ${first + i} ${figure(best?.score ?? 0)}  `;
    const changed = changesText(session, first + i);
    const under = changed === '' ? '' : `[${truncate(changed, Math.max(12, Math.floor(columns / 4)))}] `;
    const shown = truncate(`${head}${under}${texts.caption(best?.ids ?? [])}  ${where} ${state.step}`, columns);
    return isCurrent ? paint.bold(shown) : paint.dim(shown);
  });
}

/** The last line: what there is to say, else the keys that mean something now. */
export function footLine(
  remark: string,
  mode: StepState['mode'],
  { session }: StepSnapshot,
  columns: number,
  colors: Colors,
): string {
  const paint = painter(colors);
  if (remark !== '' && mode !== 'leave') return paint.bold(truncate(remark, columns));
  const line = currentLine(session);
  const { step } = line.state;
  const hypotheses = hypothesesOf(line).length;
  const lines = session.walk.lines.length;
  const keys = stepKeyLine({ mode, hasBegun: step > 0, isDone: isDone(line.state), hypotheses, lines }, columns);
  return mode === 'leave' ? paint.bold(keys) : paint.dim(keys);
}
