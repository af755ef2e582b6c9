/** Dots of a braille character: bit of each, by row from the top and column. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;
const [DOT_ROWS, DOT_COLUMNS] = [4, 2];
const BLANK = 0x2800;

/** The least and the greatest value that a plot shows. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** What a plot of these points spans; on a logarithmic scale values are above 0. */
export function rangeOf(points: readonly number[], isLog: boolean): Range {
  const usable = points.filter((value) => Number.isFinite(value) && (!isLog || value > 0));
  if (usable.length === 0) return { low: 0, high: 1 };
  const low = usable.reduce((least, value) => Math.min(least, value));
  const high = usable.reduce((most, value) => Math.max(most, value));
  return low === high ? { low: low === 0 ? 0 : low * 0.9, high: high === 0 ? 1 : high * 1.1 } : { low, high };
}

/** A value beside the curve: how far along it, from 0 to 1. */
export interface Mark {
  readonly at: number;
  readonly value: number;
}

const MARK = '◆';

/** Part of a line of a plot: what is drawn in full, or what lies behind it. */
export interface Stroke {
  readonly text: string;
  readonly isFaint: boolean;
}

export interface PlotSpace extends Range {
  readonly isLog: boolean;
  readonly width: number;
  readonly height: number;
}

/**
 * Curves in `width` x `height` braille characters, each from the left edge to the right one, whether its points are more or fewer
 * than there are columns of dots. Marks are put over them.
 * @param faint a curve that is seen only where the other is not
 */
export function plot(
  points: readonly number[],
  faint: readonly number[] | undefined,
  space: PlotSpace,
  marks: readonly Mark[] = [],
): Stroke[][] {
  const { width, height } = space;
  const rowOf = rowsOf(space);
  const front = dotsOf(points, rowOf, width, height);
  const back = faint && dotsOf(faint, rowOf, width, height);
  const cells = front.map((row, y) =>
    row.map((dots, x): Stroke => {
      const behind = back?.[y]?.[x] ?? 0;
      const isFaint = dots === 0 && behind !== 0;
      return { text: String.fromCharCode(BLANK + (isFaint ? behind : dots)), isFaint };
    }),
  );
  const columns = points.length === 1 ? 1 : width * DOT_COLUMNS;
  for (const { at, value } of marks) {
    const x = Math.round(at * (columns - 1));
    cells[Math.floor(rowOf(value) / DOT_ROWS)]![Math.floor(x / DOT_COLUMNS)] = { text: MARK, isFaint: false };
  }
  return cells.map(joined);
}

/** Neighbours of one kind as one. */
function joined(cells: readonly Stroke[]): Stroke[] {
  const strokes: Stroke[] = [];
  for (const { text, isFaint } of cells) {
    const last = strokes.at(-1);
    if (last?.isFaint === isFaint) strokes[strokes.length - 1] = { text: last.text + text, isFaint };
    else strokes.push({ text, isFaint });
  }
  return strokes;
}

/** The row of dots in which a value lies. */
function rowsOf({ low, high, isLog, height }: PlotSpace): (value: number) => number {
  const scale = isLog ? (value: number) => Math.log(Math.max(value, low)) : (value: number) => value;
  const [bottom, top] = [scale(low), scale(high)];
  return (value) => {
    const at = top === bottom ? 0.5 : (scale(value) - bottom) / (top - bottom);
    return Math.round((1 - Math.min(1, Math.max(0, at))) * (height * DOT_ROWS - 1));
  };
}

/** The dots of each character: a column has all rows from its least to its greatest, and is joined with the one before it. */
function dotsOf(
  points: readonly number[],
  rowOf: (value: number) => number,
  width: number,
  height: number,
): number[][] {
  const cells = Array.from({ length: height }, () => new Array<number>(width).fill(0));
  const columns = points.length === 1 ? 1 : width * DOT_COLUMNS;
  let before: { readonly from: number; readonly to: number } | undefined;
  for (let x = 0; x < columns && points.length > 0; x++) {
    const rows = valuesAt(points, x, columns).map(rowOf);
    const own = { from: Math.min(...rows), to: Math.max(...rows) };
    const from = before && before.to < own.from ? before.to + 1 : own.from;
    const to = before && before.from > own.to ? before.from - 1 : own.to;
    for (let row = from; row <= to; row++) {
      cells[Math.floor(row / DOT_ROWS)]![Math.floor(x / DOT_COLUMNS)]! |= DOTS[row % DOT_ROWS]![x % DOT_COLUMNS]!;
    }
    before = own;
  }
  return cells;
}

/** The points that fall on a column; where there are fewer points than columns, a value on the line between two. */
function valuesAt(points: readonly number[], x: number, columns: number): readonly number[] {
  if (points.length >= columns) {
    return points.slice(Math.floor((x * points.length) / columns), Math.floor(((x + 1) * points.length) / columns));
  }
  const place = columns === 1 ? 0 : (x * (points.length - 1)) / (columns - 1);
  const left = Math.min(Math.floor(place), points.length - 2);
  if (left < 0) return points;
  return [points[left]! + (place - left) * (points[left + 1]! - points[left]!)];
}

const AXIS_GAP = 3;

/**
 * An axis of steps, `width` columns wide: as many round numbers as there is room for, each where its step is drawn.
 * @param first the step at the left edge; `last` that at the right one
 */
export function axis(first: number, last: number, width: number): string {
  const texts = [String(first), ...(last > first ? [String(last)] : [])];
  let line = texts[0]!.padEnd(Math.max(texts[0]!.length, width - (texts[1]?.length ?? 0))) + (texts[1] ?? '');
  if (line.length > width) return (texts[1] ?? texts[0]!).padStart(width).slice(0, width);
  const most = Math.max(1, Math.floor(width / (String(last).length + 2 * AXIS_GAP)));
  const step = roundStep((last - first) / most);
  for (let tick = Math.ceil((first + 1) / step) * step; tick < last; tick += step) {
    const text = String(tick);
    const from = Math.round(((tick - first) / (last - first)) * (width - 1)) - Math.floor(text.length / 2);
    const around = line.slice(Math.max(0, from - AXIS_GAP), from + text.length + AXIS_GAP);
    if (from < 0 || around.trim() !== '') continue;
    line = line.slice(0, from) + text + line.slice(from + text.length);
  }
  return line;
}

/** The least of 1, 2, 5, 10, 20, ... that is not below `least`. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return [1, 2, 5, 10].map((times) => times * power).find((step) => step >= least) ?? 10 * power;
}
