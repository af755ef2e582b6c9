import { CocaError } from '../base/errors.js';

// exp(x) for x <= 0 as 2 ** (-k / STEPS) from a table times a short Taylor series: within 1e-8 of Math.exp and several
// times as fast, which counts when a step sums 6 x 49408 of them.
const STEPS = 32;
const PER_UNIT = STEPS / Math.LN2;
const UNIT = Math.LN2 / STEPS;
/** Smaller terms count as exp(LOWEST / PER_UNIT), about 1e-19: a whole vocabulary of them adds nothing to a sum from 1 up. */
const LOWEST = -64 * STEPS + 1;
const POWERS = Float64Array.from({ length: 1 - LOWEST }, (_, k) => 2 ** (-k / STEPS));

/**
 * The logarithm of the sum of exp(logits[start .. end)).
 * @throws CocaError `engine` when a logit is NaN or +Infinity, or all are -Infinity.
 */
export function logSumExp(logits: Float32Array | Float64Array, start: number, end: number): number {
  let max = -Infinity;
  for (let i = start; i < end; i++) {
    const value = logits[i]!;
    if (value > max) max = value;
  }
  // Two sums side by side, as each addition waits for the one before. NaN goes through Math.max into the sum.
  let even = 0;
  let odd = 0;
  const shift = max * PER_UNIT;
  const pairs = end - ((end - start) & 1);
  for (let i = start; i < pairs; i += 2) {
    const x = Math.max(logits[i]! * PER_UNIT - shift, LOWEST);
    const y = Math.max(logits[i + 1]! * PER_UNIT - shift, LOWEST);
    const j = x | 0;
    const k = y | 0;
    const q = (x - j) * UNIT;
    const r = (y - k) * UNIT;
    even += POWERS[-j]! * (1 + q * (1 + q * (1 / 2 + q * (1 / 6))));
    odd += POWERS[-k]! * (1 + r * (1 + r * (1 / 2 + r * (1 / 6))));
  }
  return fromShiftedSum(max, even + odd + (pairs < end ? Math.exp(logits[pairs]! - max) : 0));
}

/**
 * log(sum of exp(logit)) of which the greatest logit and the sum of exp(logit - max) are known.
 * @throws CocaError `engine` when they are not of finite logits: the greatest alone gives the sum 1
 */
export function fromShiftedSum(max: number, sum: number): number {
  if (!(sum > 0.5 && sum < Infinity)) {
    throw new CocaError(
      'engine',
      'the model predicts no probabilities: its logits are not finite numbers',
      'the checkpoint is damaged (NaN or infinite weights), or it overflows in half precision',
    );
  }
  return max + Math.log(sum);
}

/** A token and how good it is. */
export interface Scored {
  readonly token: number;
  readonly value: number;
}

/** Better first: the higher value, and of equals the lower token. */
export const byValue = (a: Scored, b: Scored): number => b.value - a.value || a.token - b.token;

/**
 * The `k` best of logits[start .. end), best first, -Infinity left out; fewer when there are not so many.
 *
 * One pass with a heap whose root is the worst kept: nearly every logit fails the one comparison with it.
 * @param overlay tokens whose value is another than their logit (-Infinity for a banned one).
 * @param tokens whose logits these are, tokens[i] that of logits[i]; without it those of the vocabulary in its order.
 */
export function topTokens(
  logits: Float32Array | Float64Array,
  start: number,
  end: number,
  k: number,
  overlay?: ReadonlyMap<number, number>,
  tokens?: Int32Array,
): Scored[] {
  const heap = new WorstFirst(k);
  if (overlay) for (const [token, value] of overlay) heap.offer(token, value);
  let worst = heap.worst;
  for (let i = start; i < end; i++) {
    const value = logits[i]!;
    if (value < worst) continue;
    const token = tokens ? tokens[i]! : i - start;
    if (overlay?.has(token)) continue;
    heap.offer(token, value);
    worst = heap.worst;
  }
  return heap.sorted();
}

/** A binary heap of at most `size` tokens, the worst at the root. */
class WorstFirst {
  /** What an offer must reach to be kept: the root's value once the heap is full. */
  worst = -Infinity;
  readonly #items: Scored[] = [];

  constructor(readonly size: number) {}

  offer(token: number, value: number): void {
    if (value === -Infinity || this.size === 0) return;
    const items = this.#items;
    const item = { token, value };
    if (items.length < this.size) {
      items.push(item);
      this.#rise(items.length - 1);
    } else if (byValue(item, items[0]!) < 0) {
      items[0] = item;
      this.#sink();
    }
    if (items.length === this.size) this.worst = items[0]!.value;
  }

  sorted(): Scored[] {
    return this.#items.sort(byValue);
  }

  #rise(start: number): void {
    let at = start;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (byValue(this.#items[at]!, this.#items[up]!) <= 0) return;
      this.#swap(at, up);
      at = up;
    }
  }

  #sink(): void {
    let at = 0;
    for (;;) {
      let worst = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < this.#items.length && byValue(this.#items[child]!, this.#items[worst]!) > 0) worst = child;
      }
      if (worst === at) return;
      this.#swap(at, worst);
      at = worst;
    }
  }

  #swap(a: number, b: number): void {
    const kept = this.#items[a]!;
    this.#items[a] = this.#items[b]!;
    this.#items[b] = kept;
  }
}
