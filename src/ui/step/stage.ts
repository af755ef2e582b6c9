import { mapLines } from '../attend/canvas.js';
import type { WordMap } from '../attend/source.js';
import { padEnd, truncate, widthOf } from '../layout.js';
import { painter } from '../palette.js';
import type { Painting } from '../screen.js';
import type { Colors } from '../terminal.js';
import { beamLines } from './beams.js';
import { candidateLines } from './candidates.js';
import { findLines } from './find.js';
import { KEY_HELP, KEY_LINE } from './keys.js';
import type { StepLayout } from './layout.js';
import { optionLines } from './options.js';
import type { FoundView, StepSnapshot, StepSource } from './source.js';
import type { StepState } from './state.js';
import { CHOSEN, figure, MARKS, REASONS } from './theme.js';
import { firstRow, outsideText, rowsOf, treeLines } from './tree-view.js';
import { weighedLines } from './weighed.js';

/** The whole screen: text, and the picture in the room that it leaves. */
export interface Stage {
  readonly lines: readonly string[];
  readonly paintings: readonly Painting[];
}

/** What is looked at, beside the walk itself. */
export interface Looking {
  readonly state: StepState;
  readonly found: readonly FoundView[];
  /** Where the token looks that is chosen; undefined while that is not known. */
  readonly map: WordMap | undefined;
  /** What there is to say while something takes its time. */
  readonly working: string;
}

const GAP = 2;
const OPACITY = 0.7;

export function stageOf(
  source: StepSource,
  snapshot: StepSnapshot,
  looking: Looking,
  layout: StepLayout,
  colors: Colors,
): Stage {
  const { columns, height, hasHeader, hasKeys } = layout;
  const { state } = looking;
  const middle = height - (hasHeader ? 1 : 0) - (hasKeys ? 1 : 0);
  const isHelp = state.mode === 'help';
  const body = isHelp ? helpLines(columns, middle, colors) : bodyLines(snapshot, looking, layout, colors);
  while (body.length < middle) body.push('');
  const lines = [
    ...(hasHeader ? [header(source, snapshot, columns, colors)] : []),
    ...body.slice(0, middle),
    ...(hasKeys ? [footLine(looking, columns, colors)] : []),
  ];
  return { lines, paintings: isHelp ? [] : pictureOf(source, looking, layout, colors) };
}

function header(
  { image, model }: StepSource,
  { step, maxSteps, isDone, search, past, future }: StepSnapshot,
  columns: number,
  colors: Colors,
): string {
  const where = isDone ? `ended at step ${step}` : `step ${step} of ${maxSteps}`;
  const redo = future > 0 ? `, ${future} undone` : '';
  const rest = ` · ${search} · ${image} · ${model}${past > 0 ? ` · ${past} done${redo}` : redo}`;
  const paint = painter(colors);
  return `${paint.bold(truncate(where, columns))}${paint.dim(truncate(rest, columns - widthOf(where)))}`;
}

function bodyLines(snapshot: StepSnapshot, looking: Looking, layout: StepLayout, colors: Colors): string[] {
  const { columns, left, beamRows, panelRows, treeRows, lineRows } = layout;
  const { state } = looking;
  const beams = beamLines(snapshot, { columns: left, rows: beamRows, colors, back: state.back });
  return [
    ...lineLines(snapshot, columns, lineRows, colors),
    ...filled(beams, beamRows),
    ...filled(panel(snapshot, looking, layout, colors), panelRows),
    ...(state.isWeighed && layout.weighedColumns === 0
      ? weighedLines(snapshot, { columns, rows: treeRows, colors }, state.scroll)
      : tree(snapshot, columns, treeRows, state.scroll, colors)),
  ];
}

function filled(lines: readonly string[], rows: number): string[] {
  return Array.from({ length: rows }, (_, row) => lines[row] ?? '');
}

/** The lines of exploration side by side: the best text of each. */
function lineLines({ lines, line }: StepSnapshot, columns: number, rows: number, colors: Colors): string[] {
  const paint = painter(colors);
  const first = firstRow(line, lines.length, rows, 0);
  return lines.slice(first, first + rows).map(({ text, score, step, isDone }, i) => {
    const isCurrent = first + i === line;
    const state = isDone ? `${MARKS.finished} ended at step ${step}` : `${MARKS.live} step ${step}`;
    const head = `${isCurrent ? CHOSEN : ' '} line ${first + i} ${figure(score)}  `;
    const shown = truncate(`${head}${text}  ${state}`, columns);
    return isCurrent ? paint.bold(shown) : paint.dim(shown);
  });
}

/** What may follow; or what was found, or the options; and beside it, where there is room, what the last step weighed. */
function panel(snapshot: StepSnapshot, looking: Looking, layout: StepLayout, colors: Colors): string[] {
  const { left, panelRows, weighedColumns } = layout;
  const { mode, query, match, row, draft, scroll } = looking.state;
  const columns = weighedColumns > 0 ? left - weighedColumns - GAP : left;
  const frame = { columns, rows: panelRows, colors };
  const main =
    mode === 'find'
      ? findLines(query, looking.found, match, frame)
      : mode === 'options'
        ? optionLines(snapshot.options, row, draft, frame)
        : candidateLines(snapshot, frame);
  if (weighedColumns === 0) return main;
  const weighed = weighedLines(snapshot, { columns: weighedColumns, rows: panelRows, colors }, Math.max(0, scroll));
  return filled([], panelRows).map((_, at) => `${padEnd(main[at] ?? '', columns + GAP)}${weighed[at] ?? ''}`);
}

function tree(snapshot: StepSnapshot, columns: number, rows: number, scroll: number, colors: Colors): string[] {
  if (rows === 0) return [];
  const height = rows - 1;
  const lines = treeLines(snapshot, { columns, rows: height, colors, scroll });
  const count = rowsOf(snapshot, colors).length;
  const { node } = snapshot.hypotheses[snapshot.chosen]!;
  const at = Math.max(
    0,
    rowsOf(snapshot, colors).findIndex(({ nodes }) => nodes.some(({ id }) => id === node)),
  );
  const outside = outsideText(firstRow(at, count, height, scroll), height, count);
  const paint = painter(colors);
  const title = `${paint.bold('tree')}${paint.dim(`  ${snapshot.tree.length} tokens${outside === '' ? '' : `, rows: ${outside}`}`)}`;
  return [title, ...lines];
}

function pictureOf(
  { picture, grid }: StepSource,
  { map, state }: Looking,
  { columns, pictureRows, hasHeader, lineRows }: StepLayout,
  colors: Colors,
): Painting[] {
  if (pictureRows === 0) return [];
  const isMap = state.isAttending && map !== undefined;
  const wordMap = map ?? { map: new Float32Array(grid * grid), peak: { x: 0, y: 0 }, entropy: 0 };
  const lines = mapLines({ picture, grid, wordMap, opacity: isMap ? OPACITY : 0, colors }, 2 * pictureRows);
  return [{ row: (hasHeader ? 1 : 0) + lineRows, column: columns - 2 * pictureRows, lines }];
}

function helpLines(columns: number, rows: number, colors: Colors): string[] {
  const paint = painter(colors);
  const widest = Math.max(...KEY_HELP.map(([keys]) => keys.length)) + 2;
  const keys = KEY_HELP.map(
    ([key, does]) =>
      `${paint.bold(truncate(key.padEnd(widest), columns))}${truncate(does, Math.max(0, columns - widest))}`,
  );
  const marks = `${MARKS.live} goes on  ${MARKS.finished} ends a caption  ${MARKS.pruned} falls, and why:`;
  const reasons = Object.entries(REASONS)
    .filter(([fate]) => fate !== 'live' && fate !== 'finished')
    .map(([, [short, long]]) => `${paint.bold(short.padEnd(widest))}${truncate(long, Math.max(0, columns - widest))}`);
  return [...keys, '', paint.dim(truncate(marks, columns)), ...reasons].slice(0, rows);
}

function footLine({ state, working }: Looking, columns: number, colors: Colors): string {
  const paint = painter(colors);
  if (state.message !== '') return paint.bold(truncate(state.message, columns));
  return paint.dim(truncate(working !== '' ? working : KEY_LINE, columns));
}
