/** How a figure went from step to step, in so few points that any length of a run can be held and drawn. */
export interface Curve {
  /** Steps that a point is the mean of. */
  readonly stride: number;
  readonly points: readonly number[];
  /** Sum and number of the steps that make no whole point yet. */
  readonly sum: number;
  readonly count: number;
}

const MOST_POINTS = 2048;

export const EMPTY_CURVE: Curve = { stride: 1, points: [], sum: 0, count: 0 };

/** The curve with one step more. Where there are too many points, each two become one. */
export function extend(curve: Curve, value: number): Curve {
  const { stride, points } = curve;
  const sum = curve.sum + value;
  const count = curve.count + 1;
  if (count < stride) return { ...curve, sum, count };
  const longer = [...points, sum / count];
  if (longer.length < MOST_POINTS) return { stride, points: longer, sum: 0, count: 0 };
  const halved = Array.from({ length: longer.length / 2 }, (_, i) => (longer[2 * i]! + longer[2 * i + 1]!) / 2);
  return { stride: 2 * stride, points: halved, sum: 0, count: 0 };
}

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

/**
 * A line of `width` x `height` braille characters through points from left to right, all of them: a column shows the mean
 * of those that fall on it, and is joined with the one before it. Marks are put over it.
 */
export function plot(
  points: readonly number[],
  { low, high }: Range,
  isLog: boolean,
  width: number,
  height: number,
  marks: readonly Mark[] = [],
): string[] {
  const columns = Math.min(width * DOT_COLUMNS, points.length);
  const rows = height * DOT_ROWS;
  const scale = isLog ? (value: number) => Math.log(Math.max(value, low)) : (value: number) => value;
  const [bottom, top] = [scale(low), scale(high)];
  const cells = Array.from({ length: height }, () => new Array<number>(width).fill(0));
  const rowOf = (value: number): number => {
    const at = top === bottom ? 0.5 : (scale(value) - bottom) / (top - bottom);
    return Math.round((1 - Math.min(1, Math.max(0, at))) * (rows - 1));
  };
  let before: number | undefined;
  for (let x = 0; x < columns; x++) {
    const from = Math.floor((x * points.length) / columns);
    const to = Math.max(from + 1, Math.floor(((x + 1) * points.length) / columns));
    const mean = points.slice(from, to).reduce((sum, value) => sum + value, 0) / (to - from);
    const y = rowOf(mean);
    const [first, last] =
      before === undefined ? [y, y] : y > before ? [before + 1, y] : y < before ? [y, before - 1] : [y, y];
    for (let row = first; row <= last; row++) {
      cells[Math.floor(row / DOT_ROWS)]![Math.floor(x / DOT_COLUMNS)]! |= DOTS[row % DOT_ROWS]![x % DOT_COLUMNS]!;
    }
    before = y;
  }
  const drawn = cells.map((row) => row.map((dots) => String.fromCharCode(BLANK + dots)));
  for (const { at, value } of marks) {
    const x = Math.round(at * Math.max(0, columns - 1));
    drawn[Math.floor(rowOf(value) / DOT_ROWS)]![Math.floor(x / DOT_COLUMNS)] = MARK;
  }
  return drawn.map((row) => row.join(''));
}
