import type { DecodingOptions } from './knobs.js';

/** Which rule changed what a token is worth. The bans (`n-gram`, `min-length`) come last, so they are what is named. */
export type Rule = 'diversity' | 'repetition' | 'n-gram' | 'min-length';

/** A token that the rules of a search make worth another value than the model says; -Infinity for a banned one. */
export interface Adjustment {
  readonly value: number;
  readonly rule: Rule;
}

const NONE: ReadonlyMap<number, number> = new Map();

/**
 * The few tokens whose value the rules change, in transformers' order: Hamming diversity, repetition penalty, n-grams
 * that would occur twice, the end token before the minimum length. All others keep the model's value.
 *
 * @param ids the whole path so far, start token and prompt included.
 * @param base what the model says of a token: its log-probability in a beam search, its logit else (transformers
 *   penalises the repetition of whichever it ranks by).
 * @param chosen how many beams of earlier groups chose a token in this step (Vijayakumar et al. 2016, Hamming diversity).
 */
export function adjustments(
  ids: readonly number[],
  base: (token: number) => number,
  options: DecodingOptions,
  eot: number,
  chosen = NONE,
): Map<number, Adjustment> {
  const changed = new Map<number, Adjustment>();
  for (const [token, times] of options.diversity > 0 ? chosen : NONE) {
    const value = Math.fround(base(token) - Math.fround(Math.fround(options.diversity) * times));
    changed.set(token, { value, rule: 'diversity' });
  }
  if (options.repetitionPenalty !== 1) {
    const penalty = Math.fround(options.repetitionPenalty);
    for (const token of new Set(ids)) {
      const value = changed.get(token)?.value ?? base(token);
      changed.set(token, { value: Math.fround(value < 0 ? value * penalty : value / penalty), rule: 'repetition' });
    }
  }
  for (const token of bannedByNgram(ids, options.noRepeatNgram)) {
    changed.set(token, { value: -Infinity, rule: 'n-gram' });
  }
  if (ids.length < options.minLength) changed.set(eot, { value: -Infinity, rule: 'min-length' });
  return changed;
}

/** What tokens are worth after the rules, where that is another than before. */
export const valuesOf = (changes: ReadonlyMap<number, Adjustment>): Map<number, number> =>
  new Map([...changes].map(([token, { value }]) => [token, value]));

/** Tokens that would complete an n-gram which `ids` holds already. */
export function bannedByNgram(ids: readonly number[], n: number): Set<number> {
  const banned = new Set<number>();
  if (n === 0) return banned;
  const tail = ids.length - (n - 1);
  for (let start = 0; start + n <= ids.length; start++) {
    let same = true;
    for (let i = 0; same && i < n - 1; i++) same = ids[start + i] === ids[tail + i];
    if (same) banned.add(ids[start + n - 1]!);
  }
  return banned;
}
