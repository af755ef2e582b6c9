import { dot } from '../base/numbers/vectors.js';

/** One word of a query, with its sign. */
export interface Term {
  readonly sign: 1 | -1;
  readonly word: string;
}

/** What is typed after a search's name: what is looked for, and where. */
export interface Query {
  readonly terms: readonly Term[];
  /** Undefined for the folder that the program runs in. */
  readonly folder: string | undefined;
}

/**
 * Reads a query's words: WORD, then any number of `+ WORD` and `- WORD`, then perhaps a folder. A sign may also stand first.
 * @returns what is wrong with them, where something is
 */
export function parseQuery(words: readonly string[]): Query | { readonly problem: string; readonly at?: string } {
  const terms: Term[] = [];
  let sign: Term['sign'] | undefined = words[0] === '+' || words[0] === '-' ? undefined : 1;
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at]!;
    const isSign = word === '+' || word === '-';
    if (sign !== undefined) {
      if (isSign) return { problem: `two signs follow each other: ${word}` };
      if (word.trim() === '') return { problem: 'a word of the query is empty' };
      terms.push({ sign, word });
      sign = undefined;
    } else if (isSign) sign = word === '+' ? 1 : -1;
    else break;
  }
  if (sign !== undefined) return { problem: `nothing follows the last ${sign === 1 ? '+' : '-'}` };
  const rest = words.slice(at);
  if (rest.length > 1) return { problem: `${rest[1]} follows the folder`, at: rest[1]! };
  return { terms, folder: rest[0] };
}

/** A query as it is shown. */
export const queryText = (terms: readonly Term[]): string =>
  terms.map(({ sign, word }, i) => (i === 0 && sign === 1 ? word : `${sign === 1 ? '+' : '-'} ${word}`)).join(' ');

/**
 * The sum of unit vectors with their signs, made one long; undefined where nothing is left of it.
 * @param vectors one a term
 */
export function directionOf(terms: readonly Term[], vectors: readonly Float32Array[]): Float32Array | undefined {
  const sum = new Float32Array(vectors[0]!.length);
  for (const [i, { sign }] of terms.entries()) {
    const vector = vectors[i]!;
    for (let j = 0; j < sum.length; j++) sum[j]! += sign * vector[j]!;
  }
  const length = Math.sqrt(dot(sum, sum));
  return length < 1e-6 ? undefined : sum.map((value) => value / length);
}

/** k of reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009). */
const FUSION = 60;

/**
 * Rankings as one: the score of an item is the sum of 1 / (60 + rank) over the rankings that have it, ranks from 1.
 * @param keyOf what is the same in all rankings
 */
export function fused<T>(
  rankings: readonly (readonly T[])[],
  keyOf: (item: T) => string,
): { readonly item: T; readonly score: number }[] {
  const scores = new Map<string, { item: T; score: number }>();
  for (const ranking of rankings) {
    for (const [i, item] of ranking.entries()) {
      const known = scores.get(keyOf(item)) ?? { item, score: 0 };
      known.score += 1 / (FUSION + i + 1);
      scores.set(keyOf(item), known);
    }
  }
  return [...scores.values()].sort((a, b) => b.score - a.score);
}
