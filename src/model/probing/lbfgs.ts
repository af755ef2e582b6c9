import { setImmediate as nextTurn } from 'node:timers/promises';
import { stopIfAborted } from '../base/errors.js';

/** A function at a point: its value, and its gradient, which is written into `into`. */
export type Differentiable = (at: Float64Array, into: Float64Array) => number;

/** Pairs of steps and changes of the gradient that are remembered. */
const MEMORY = 10;
/** Armijo's condition: the part of the slope's promise that a step must keep. */
const SUFFICIENT = 1e-4;
/** Halvings of a step before the search is given up: the function then changes by less than its rounding. */
const MOST_HALVINGS = 40;

export interface MinimiseOptions {
  /** Of the gradient's largest part. */
  readonly tolerance: number;
  readonly steps: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Minimum {
  readonly at: Float64Array;
  readonly value: number;
  readonly steps: number;
  /** Whether the gradient is as small as was asked for. */
  readonly isConverged: boolean;
}

/**
 * The least value of a smooth convex function by L-BFGS: the two-loop recursion (Nocedal and Wright 2006, algorithm 7.4), with steps
 * that are halved until Armijo's condition holds; pairs without positive curvature are not remembered.
 * @param start is left alone
 * @throws CocaError `interrupted`
 */
export async function minimise(
  start: Float64Array,
  f: Differentiable,
  { tolerance, steps: most, signal }: MinimiseOptions,
): Promise<Minimum> {
  let at = start.slice();
  let gradient = new Float64Array(at.length);
  let value = f(at, gradient);
  const pairs: { readonly s: Float64Array; readonly y: Float64Array; readonly rho: number }[] = [];
  let steps = 0;
  for (; steps < most && largest(gradient) > tolerance; steps++) {
    // A signal comes in only when this thread takes a turn of its event loop.
    await nextTurn();
    stopIfAborted(signal, 'stopped before a head was found');
    const direction = descent(gradient, pairs);
    const slope = dot(direction, gradient);
    // The first step has no curvature to go by.
    let size = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
    const next = new Float64Array(at.length);
    const nextGradient = new Float64Array(at.length);
    let nextValue = Number.POSITIVE_INFINITY;
    let halvings = 0;
    for (; halvings < MOST_HALVINGS; halvings++, size /= 2) {
      for (let i = 0; i < at.length; i++) next[i] = at[i]! + size * direction[i]!;
      nextValue = f(next, nextGradient);
      if (nextValue <= value + SUFFICIENT * size * slope) break;
    }
    if (halvings === MOST_HALVINGS) break;
    const s = next.map((one, i) => one - at[i]!);
    const y = nextGradient.map((one, i) => one - gradient[i]!);
    const curvature = dot(s, y);
    if (curvature > 1e-12 * dot(y, y)) {
      pairs.push({ s, y, rho: 1 / curvature });
      if (pairs.length > MEMORY) pairs.shift();
    }
    at = next;
    gradient = nextGradient;
    value = nextValue;
  }
  return { at, value, steps, isConverged: largest(gradient) <= tolerance };
}

/** Minus the gradient times the inverse Hessian that the pairs stand for. */
function descent(
  gradient: Float64Array,
  pairs: readonly { readonly s: Float64Array; readonly y: Float64Array; readonly rho: number }[],
): Float64Array {
  const q = gradient.slice();
  const alphas: number[] = [];
  for (const { s, y, rho } of pairs.toReversed()) {
    const alpha = rho * dot(s, q);
    alphas.push(alpha);
    addTimes(q, y, -alpha);
  }
  const last = pairs.at(-1);
  const scale = last ? 1 / (last.rho * dot(last.y, last.y)) : 1;
  for (let i = 0; i < q.length; i++) q[i]! *= scale;
  for (const { s, y, rho } of pairs) addTimes(q, s, alphas.pop()! - rho * dot(y, q));
  return q.map((one) => -one);
}

function addTimes(to: Float64Array, vector: Float64Array, times: number): void {
  for (let i = 0; i < to.length; i++) to[i]! += times * vector[i]!;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function largest(vector: Float64Array): number {
  let most = 0;
  for (const one of vector) most = Math.max(most, Math.abs(one));
  return most;
}
