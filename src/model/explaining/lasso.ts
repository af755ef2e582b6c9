import { dot } from '../base/numbers/vectors.js';

/** A sum of concepts: which, and with what weights above 0. */
export type Weights = ReadonlyMap<number, number>;

/** Weights that change by less than this part of the largest correlation are settled. */
const SETTLED = 1e-7;
const MOST_SWEEPS = 10_000;

/**
 * Minimises |y - sum w[j] x[j]|^2 / 2 + penalty * sum w[j] over w >= 0 by cyclic coordinate descent over the concepts that are in use, to
 * which those join whose correlation with what is left exceeds the penalty (Friedman, Hastie and Tibshirani 2010,
 * "Regularization Paths for Generalized Linear Models via Coordinate Descent").
 * @param concepts vectors of unit length
 * @param start weights to begin with: those of a larger penalty
 */
export function lasso(
  target: Float32Array,
  concepts: readonly Float32Array[],
  penalty: number,
  start: Weights = new Map(),
): Weights {
  const weights = new Map(start);
  const residual = Float64Array.from(target);
  for (const [j, weight] of weights) add(residual, concepts[j]!, -weight);
  const tolerance = SETTLED * Math.max(1e-12, strongest(target, concepts));
  for (;;) {
    for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
      let moved = 0;
      for (const [j, weight] of weights) {
        const concept = concepts[j]!;
        const next = Math.max(0, weight + along(residual, concept) - penalty);
        if (next === weight) continue;
        add(residual, concept, weight - next);
        moved = Math.max(moved, Math.abs(next - weight));
        weights.set(j, next);
      }
      if (moved <= tolerance) break;
    }
    for (const [j, weight] of weights) if (weight === 0) weights.delete(j);
    const joining = concepts.flatMap((concept, j) =>
      !weights.has(j) && along(residual, concept) > penalty + tolerance ? [j] : [],
    );
    if (joining.length === 0) return weights;
    for (const j of joining) weights.set(j, 0);
  }
}

/** How much smaller each penalty is than the one before. */
const STEP = 0.93;
/** Part of the largest penalty to stop at. */
const LEAST = 1e-3;
/** Halvings of the last step, in which several concepts may have joined. */
const HALVINGS = 20;

/** The lasso with the smallest penalty, on the way down from the one that leaves nothing, that uses at most `most` concepts. */
export function sparseSum(target: Float32Array, concepts: readonly Float32Array[], most: number): Weights {
  const largest = strongest(target, concepts);
  let found: Weights = new Map();
  let above = largest;
  let below = largest * STEP;
  while (below > largest * LEAST) {
    const next = lasso(target, concepts, below, found);
    if (next.size > most) break;
    found = next;
    above = below;
    below *= STEP;
  }
  for (let i = 0; i < HALVINGS && below > largest * LEAST; i++) {
    const middle = (above + below) / 2;
    const next = lasso(target, concepts, middle, found);
    if (next.size > most) below = middle;
    else [found, above] = [next, middle];
  }
  return found;
}

function strongest(target: Float32Array, concepts: readonly Float32Array[]): number {
  return concepts.reduce((best, concept) => Math.max(best, dot(target, concept)), 0);
}

function along(residual: Float64Array, concept: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < residual.length; i++) sum += residual[i]! * concept[i]!;
  return sum;
}

function add(residual: Float64Array, concept: Float32Array, times: number): void {
  for (let i = 0; i < residual.length; i++) residual[i]! += times * concept[i]!;
}
