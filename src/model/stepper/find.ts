import type { RowScores } from '../decoding/types.js';

/** A token that a search of the vocabulary found. */
export interface FoundToken {
  readonly id: number;
  readonly text: string;
  readonly logprob: number;
  /** How many tokens the model likes better here, and one. */
  readonly rank: number;
}

/**
 * Tokens whose text holds `query` (whatever its case): those that are it first, then those that begin with it, then the
 * others; among each the likeliest first. An empty query finds all of them, the likeliest first.
 * @param texts the vocabulary: texts[id], as a person reads it
 * @param scores what the model says here: one row, of all tokens
 */
export function findTokens(
  query: string,
  texts: readonly string[],
  scores: RowScores,
  most: number,
): readonly FoundToken[] {
  const { logits } = scores;
  const wanted = query.toLowerCase();
  const kinds: number[][] = [[], [], []];
  for (const [id, text] of texts.entries()) {
    const folded = text.toLowerCase();
    // An empty query is no more like a token without text than like any other.
    const kind =
      wanted === '' || folded === wanted ? 0 : folded.startsWith(wanted) ? 1 : folded.includes(wanted) ? 2 : -1;
    if (kind >= 0) kinds[kind]!.push(id);
  }
  const best = kinds
    .flatMap((ids) => ids.sort((a, b) => logits[b]! - logits[a]! || a - b).slice(0, most))
    .slice(0, most);
  return best.map((id) => ({ id, text: texts[id]!, ...standingOf(id, scores) }));
}

/** How a token stands among all others: its log-probability, and its rank from 1. */
export function standingOf(id: number, { logits, logSumExp }: RowScores): Pick<FoundToken, 'logprob' | 'rank'> {
  const own = logits[id]!;
  let better = 0;
  for (let other = 0; other < logits.length; other++) {
    const value = logits[other]!;
    if (value > own || (value === own && other < id)) better++;
  }
  return { logprob: Math.fround(own - logSumExp[0]!), rank: better + 1 };
}
