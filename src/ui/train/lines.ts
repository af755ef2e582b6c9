import { bar, padEnd, truncate, widthOf, wrap } from '../layout.js';
import { painter } from '../palette.js';
import { durationText } from '../status.js';
import type { Terminal } from '../terminal.js';
import { type Curve, smoothed } from './curve.js';
import { figuresOf, lossText, rateText, validationLine } from './figures.js';
import { KEY_HELP, trainKeyLine } from './keys.js';
import { axis, type Mark, plot, type Range, rangeOf } from './plot.js';
import { type CurveName, LOSSES, type LossName, secondsLeft, type TrainState } from './state.js';
import { CURVE_PAINT, CURVE_TITLES } from './theme.js';

export interface TrainSpace extends Pick<Terminal, 'columns' | 'rows' | 'colors'> {
  /** Whether pictures are drawn. */
  readonly hasPicture?: boolean;
}

/** A run as lines, and where in them room is left for its picture: at their beginning, twice as many columns wide. */
export interface TrainStage {
  readonly lines: readonly string[];
  readonly pictureRow: number;
  /** 0 where there is none. */
  readonly pictureRows: number;
}

const PICTURE = { smallest: 4, largest: 24 };
/** Beside the picture. */
const NARROWEST_CAPTION = 28;

/** From here on there is room for two plots side by side, and for figures beside the losses. */
const COLUMNS_FOR_TWO = 60;
const ROWS_FOR_FOUR = 20;
const SMALLEST_PLOT = 3;
/** Its title and its axis. */
const AROUND_PLOT = 2;
const LABEL = 8;
const GAP = 2;
const ROWS_FOR_MIDDLE = 7;
/** From so many points on, and so many times their least value, a curve is drawn on a logarithmic scale by itself. */
const LONG = 64;
const STEEP = 10;
/** "then" and "now". */
const WHEN = 4;

/** A run as lines that fill the terminal but for its last row, so that it never scrolls. */
export function trainStage(state: TrainState, space: TrainSpace): TrainStage {
  const height = Math.max(1, space.rows - 1);
  const head = headLines(state, space);
  const foot = [footLine(state, space)];
  const room = (taken: readonly string[][]) => height - taken.reduce((sum, lines) => sum + lines.length, 0);
  const warnings = warningLines(state, space, Math.max(0, Math.min(Math.floor(height / 8), room([head, foot]))));
  const most = Math.max(0, Math.min(Math.floor(height / 3), room([head, foot, warnings])));
  const pictureRows = pictureSize(state, space, most);
  const captions = captionBlock(state, space, most, pictureRows);
  const left = room([head, foot, warnings, captions]);
  const middle = state.isHelp ? helpLines(space, left) : plotLines(state, space, left);
  const blank = Array<string>(Math.max(0, left - middle.length)).fill('');
  const lines = [...head, ...middle, ...blank, ...captions, ...warnings, ...foot].slice(0, height);
  return { lines, pictureRow: head.length + middle.length + blank.length, pictureRows };
}

/** Rows of the picture that the captions are about. */
function pictureSize({ facts }: TrainState, { columns, hasPicture }: TrainSpace, most: number): number {
  if (!hasPicture || facts.picture === undefined) return 0;
  const rows = Math.min(most, PICTURE.largest, Math.floor((columns - GAP - NARROWEST_CAPTION) / 2));
  return rows < PICTURE.smallest ? 0 : rows;
}

/** What the model says of the picture, beside it where it is drawn. */
function captionBlock(state: TrainState, space: TrainSpace, most: number, pictureRows: number): string[] {
  if (pictureRows === 0) return captionLines(state, space, most);
  const indent = 2 * pictureRows + GAP;
  const lines = captionLines(state, { ...space, columns: space.columns - indent }, pictureRows);
  return Array.from({ length: pictureRows }, (_, row) => ' '.repeat(indent) + (lines[row] ?? ''));
}

function headLines(state: TrainState, { columns, colors }: TrainSpace): string[] {
  const { facts, last, saved, validations } = state;
  const paint = painter(colors);
  const step = last?.step ?? saved?.step ?? 0;
  const left = secondsLeft(state);
  const before = `step ${step}/${facts.steps} `;
  const after = left === undefined ? '' : ` ${durationText(left)} left`;
  const width = Math.max(0, columns - widthOf(before) - widthOf(after));
  const progress = padEnd(bar(step / facts.steps, width), width);
  const about = [facts.model, `on ${facts.device}`, facts.data, `${facts.batch} a step`];
  const figures = figuresOf(state).map(([name, value]) => `${name} ${value}`);
  return [
    paint.bold(truncate(about.join(' · '), columns)),
    truncate(`${before}${progress}${after}`, columns),
    ...(figures.length === 0 ? [truncate('waiting for the first step', columns)] : wrapParts(figures, columns)),
    ...validations.slice(-1).map((one) => truncate(`◆ ${validationLine(one)}`, columns)),
    '',
  ];
}

/** Parts of a line, broken only between them. */
function wrapParts(parts: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const joined = `${lines.at(-1)}  ${part}`;
    if (lines.length > 0 && widthOf(joined) <= columns) lines[lines.length - 1] = joined;
    else lines.push(truncate(part, columns));
  }
  return lines;
}

/** What is plotted, row by row. */
function chosenPlots({ facts: _, curves }: TrainState, { columns }: TrainSpace, rows: number): CurveName[][] {
  const losses = LOSSES.filter((name) => curves[name].count > 0 || curves[name].points.length > 0);
  const rest: CurveName[] = ['gradNorm', 'learningRate'];
  const names: CurveName[] = rows >= ROWS_FOR_FOUR ? [...losses, ...rest] : losses.length > 0 ? losses : rest;
  const across = columns >= COLUMNS_FOR_TWO ? 2 : 1;
  const grid: CurveName[][] = [];
  for (let i = 0; i < names.length; i += across) grid.push(names.slice(i, i + across));
  return grid.slice(0, Math.max(1, Math.floor(rows / (SMALLEST_PLOT + AROUND_PLOT))));
}

function plotLines(state: TrainState, space: TrainSpace, rows: number): string[] {
  if (rows < SMALLEST_PLOT + AROUND_PLOT || space.columns < LABEL + 8) return [];
  const grid = chosenPlots(state, space, rows);
  const each = Math.floor(rows / grid.length);
  return grid.flatMap((names) => {
    const width = Math.floor((space.columns - GAP * (names.length - 1)) / names.length);
    const plots = names.map((name) => plotOf(state, name, space, width, each));
    return plots[0]!.map((_, row) => plots.map((lines) => lines[row]!).join(' '.repeat(GAP)));
  });
}

/** A title, a curve with its scale beside it, and below it the steps: `height` lines of `width` columns. */
function plotOf(state: TrainState, name: CurveName, { colors }: TrainSpace, width: number, height: number): string[] {
  const paint = painter(colors);
  const curve = state.curves[name];
  const { points } = curve;
  const isLog = isLogarithmic(state, name);
  const steps = stepsOf(state, curve);
  const marks = marksOf(state, name, steps);
  const range = rangeOf([...points, ...marks.map(({ value }) => value)], isLog);
  const text = name === 'learningRate' ? rateText : lossText;
  const title = `${CURVE_TITLES[name]}${isLog ? ', log scale' : ''}`;
  // A rate has no noise.
  const smooth = name === 'learningRate' ? undefined : smoothed(points);
  const space = { ...range, isLog, width: width - LABEL - 1, height: height - AROUND_PLOT };
  const drawn = plot(smooth ?? points, smooth && points, space, marks);
  const scale = new Map(points.length === 0 ? [] : scaleOf(range, isLog, space.height, text));
  const color = CURVE_PAINT[name](paint);
  const left = (label: string) => paint.dim(label.padStart(LABEL));
  return [
    paint.bold(padEnd(truncate(`${' '.repeat(LABEL + 1)}${title}`, width), width)),
    ...drawn.map((strokes, row) => {
      const line = strokes.map((stroke) => (stroke.isFaint ? color.dim(stroke.text) : color(stroke.text))).join('');
      return `${left(scale.get(row) ?? '')} ${line}`;
    }),
    `${left('step')} ${points.length === 0 ? ' '.repeat(space.width) : paint.dim(axis(steps.first, steps.last, space.width))}`,
  ];
}

/** The values at both ends of a scale, and in its middle where there is room. */
function scaleOf(
  { low, high }: Range,
  isLog: boolean,
  height: number,
  text: (value: number) => string,
): [number, string][] {
  const middle = isLog ? Math.sqrt(low * high) : (low + high) / 2;
  return [
    [0, text(high)],
    ...(height >= ROWS_FOR_MIDDLE && height % 2 === 1 ? [[(height - 1) / 2, text(middle)] as [number, string]] : []),
    [height - 1, text(low)],
  ];
}

/** As it was chosen; by itself, where a linear scale would draw most of the curve at its foot. */
function isLogarithmic({ scale, curves }: TrainState, name: CurveName): boolean {
  if (name === 'learningRate' || scale === 'linear') return false;
  if (scale === 'log') return true;
  const { points } = curves[name];
  const { low, high } = rangeOf(points, false);
  return points.length >= LONG && low > 0 && high / low >= STEEP;
}

interface Steps {
  readonly first: number;
  readonly last: number;
}

/** The steps at both ends of a curve; the last ones may make no whole point yet. */
function stepsOf({ first = 0, last }: TrainState, { count }: Curve): Steps {
  return { first, last: Math.max(first, (last?.step ?? 0) - count) };
}

/** Where the losses of data that is not trained on lie on a curve. */
function marksOf({ validations }: TrainState, name: CurveName, { first, last }: Steps): Mark[] {
  if (last < first || !(LOSSES as readonly string[]).includes(name)) return [];
  return validations.flatMap((figures) => {
    const value = figures[name as LossName];
    // The run's last step may be one that is not drawn yet.
    const at = last === first ? 0 : Math.min(1, Math.max(0, (figures.step - first) / (last - first)));
    return value === null ? [] : [{ at, value }];
  });
}

function captionLines(
  { facts, captions, caption }: TrainState,
  { columns, colors }: TrainSpace,
  rows: number,
): string[] {
  const { picture } = facts;
  if (picture === undefined || caption === undefined || rows < 1) return [];
  const paint = painter(colors);
  const said = picture.caption === undefined ? '' : `: ${picture.caption}`;
  const title = truncate(`${picture.name.split(/[\\/]/).at(-1)}${said}`, columns);
  const line = (when: string, step: number, text: string) =>
    truncate(`${when.padEnd(WHEN)} ${String(step).padStart(LABEL - WHEN - 1)} ${text}`, columns);
  // What it says now is in the last line, whenever it began to say so.
  const now = paint.bold(line('now', caption.step, caption.text));
  const [first, ...between] = captions.slice(0, -1);
  const then = first ? [paint.dim(line('then', first.step, first.text))] : [];
  const recent = between.slice(-Math.max(0, rows - 3)).map(({ step, text }) => paint.dim(line('', step, text)));
  if (rows === 1) return [now];
  return [title, ...(rows > 2 ? then : []), ...(rows > 3 ? recent : []), now];
}

function warningLines({ warnings, warningCount }: TrainState, { columns, colors }: TrainSpace, rows: number): string[] {
  if (warnings.length === 0 || rows < 1) return [];
  const paint = painter(colors);
  const count = warningCount > 1 ? `! (${warningCount}) ` : '! ';
  const lines = wrap(`${count}${warnings.at(-1)}`, columns).slice(0, rows);
  return lines.map((line) => paint.red(line));
}

function footLine(state: TrainState, { columns, colors }: TrainSpace): string {
  const paint = painter(colors);
  const { isStopping, isSaving, saved } = state;
  if (isStopping) return paint.bold(truncate('stopping after this step, with a checkpoint ...', columns));
  if (isSaving) return paint.bold(truncate('a checkpoint after this step ...', columns));
  const keys = trainKeyLine(state, columns);
  const checkpoint = saved === undefined ? '' : `  checkpoint of step ${saved.step}`;
  return paint.dim(widthOf(keys + checkpoint) <= columns ? keys + checkpoint : keys);
}

function helpLines({ columns }: TrainSpace, rows: number): string[] {
  const widest = Math.max(...KEY_HELP.map(([keys]) => keys.length));
  return KEY_HELP.map(([keys, does]) => truncate(`  ${keys.padEnd(widest)}  ${does}`, columns)).slice(0, rows);
}
