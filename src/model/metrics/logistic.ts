/** p(positive | x) = 1 / (1 + exp(-(weights . x + bias))). */
export interface Logistic {
  readonly weights: readonly number[];
  readonly bias: number;
}

export function logisticProbability({ weights, bias }: Logistic, features: readonly number[]): number {
  return 1 / (1 + Math.exp(-weights.reduce((sum, weight, i) => sum + weight * features[i]!, bias)));
}

const STEPS = 100;
const TOLERANCE = 1e-10;

/**
 * Logistic regression with a penalty of `l2` / 2 times the squared weights on standardised features (the bias has none), by
 * Newton's method: scikit-learn's LogisticRegression(C=1 / l2) on the same features.
 * @param rows features of each example
 * @throws TypeError for examples of one class only, which have no finite answer
 */
export function fitLogistic(rows: readonly (readonly number[])[], isPositive: readonly boolean[], l2 = 1): Logistic {
  if (new Set(isPositive).size < 2) throw new TypeError('examples of both classes are needed');
  const width = rows[0]!.length;
  const columns = Array.from({ length: width }, (_, j) => rows.map((row) => row[j]!));
  const means = columns.map(mean);
  const scales = columns.map((column, j) => Math.sqrt(mean(column.map((value) => (value - means[j]!) ** 2))) || 1);
  const inputs = rows.map((row) => [...row.map((value, j) => (value - means[j]!) / scales[j]!), 1]);
  let beta: number[] = new Array(width + 1).fill(0);
  for (let step = 0; step < STEPS; step++) {
    const gradient = beta.map((value, j) => (j < width ? l2 * value : 0));
    const hessian = beta.map((_, j) => beta.map((__, k) => (j === k && j < width ? l2 : 0)));
    for (const [i, x] of inputs.entries()) {
      const p = 1 / (1 + Math.exp(-x.reduce((sum, value, j) => sum + value * beta[j]!, 0)));
      const wrong = p - (isPositive[i] ? 1 : 0);
      for (let j = 0; j <= width; j++) {
        gradient[j]! += wrong * x[j]!;
        for (let k = 0; k <= width; k++) hessian[j]![k]! += p * (1 - p) * x[j]! * x[k]!;
      }
    }
    const move = solve(hessian, gradient);
    beta = beta.map((value, j) => value - move[j]!);
    if (Math.max(...move.map(Math.abs)) < TOLERANCE) break;
  }
  const weights = beta.slice(0, width).map((value, j) => value / scales[j]!);
  return { weights, bias: beta[width]! - weights.reduce((sum, weight, j) => sum + weight * means[j]!, 0) };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** A x = b for a small A, by elimination with pivots. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const n = rows.length;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let i = column + 1; i < n; i++) {
      if (Math.abs(rows[i]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = i;
    }
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    for (let i = 0; i < n; i++) {
      if (i === column) continue;
      const factor = rows[i]![column]! / rows[column]![column]!;
      for (let k = column; k <= n; k++) rows[i]![k]! -= factor * rows[column]![k]!;
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!);
}
