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

/** A smoothed value is the mean over this part of the curve, as much before it as after. */
const SPAN = 1 / 12;
/** With fewer points every one of them is seen, and nothing is to be smoothed. */
const LEAST_SMOOTHED = 24;

/**
 * The running mean of points; towards the ends it is over fewer of them, so that it neither lags nor leads. Undefined where
 * there are so few that each is seen.
 */
export function smoothed(points: readonly number[]): readonly number[] | undefined {
  // A log may have been edited: one figure that is none would be in every sum after it.
  if (points.length < LEAST_SMOOTHED || !points.every(Number.isFinite)) return undefined;
  const most = Math.round((points.length * SPAN) / 2);
  const sums = [0];
  for (const value of points) sums.push(sums.at(-1)! + value);
  return points.map((_, i) => {
    const reach = Math.min(most, i, points.length - 1 - i);
    return (sums[i + reach + 1]! - sums[i - reach]!) / (2 * reach + 1);
  });
}
