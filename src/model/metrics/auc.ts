/**
 * Area under the ROC curve: how often a positive has a higher score than a negative, ties counting half (the Mann-Whitney
 * statistic). NaN where there is no pair.
 */
export function rocAuc(scores: readonly number[], isPositive: readonly boolean[]): number {
  const order = [...scores.keys()].sort((a, b) => scores[a]! - scores[b]!);
  const positives = isPositive.filter(Boolean).length;
  const negatives = scores.length - positives;
  let rankSum = 0;
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) end++;
    // Equal scores share the mean of their ranks, which count from 1.
    const rank = (start + 1 + end) / 2;
    for (let i = start; i < end; i++) if (isPositive[order[i]!]) rankSum += rank;
    start = end;
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}

/** Expected calibration error and the curve behind it, over bins of equal width (Guo et al. 2017, "On Calibration of Modern Neural Networks"). */
export interface Calibration {
  readonly error: number;
  /** Bins that have something in them. */
  readonly bins: readonly {
    /** Lower edge. */
    readonly from: number;
    /** Means of the probabilities, and of how many are positive. */
    readonly predicted: number;
    readonly observed: number;
    readonly count: number;
  }[];
}

/** @param probabilities from 0 to 1 */
export function calibrationOf(
  probabilities: readonly number[],
  isPositive: readonly boolean[],
  binCount = 10,
): Calibration {
  const sums = Array.from({ length: binCount }, (_, i) => ({
    from: i / binCount,
    predicted: 0,
    observed: 0,
    count: 0,
  }));
  for (const [i, probability] of probabilities.entries()) {
    const bin = sums[Math.min(binCount - 1, Math.floor(probability * binCount))]!;
    bin.predicted += probability;
    bin.observed += isPositive[i] ? 1 : 0;
    bin.count++;
  }
  const bins = sums
    .filter(({ count }) => count > 0)
    .map(({ from, predicted, observed, count }) => {
      return { from, predicted: predicted / count, observed: observed / count, count };
    });
  const apart = bins.reduce((sum, bin) => sum + bin.count * Math.abs(bin.predicted - bin.observed), 0);
  return { error: apart / probabilities.length, bins };
}
