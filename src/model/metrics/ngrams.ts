/** The longest n-grams that caption metrics look at. */
export const MAX_NGRAM = 4;

/** How often each n-gram occurs: element n - 1 counts n-grams, by their tokens with spaces between them. */
export type NgramCounts = readonly ReadonlyMap<string, number>[];

export function countNgrams(tokens: readonly string[]): NgramCounts {
  return Array.from({ length: MAX_NGRAM }, (_, order) => {
    const counts = new Map<string, number>();
    for (let at = 0; at + order < tokens.length; at++) {
      const ngram = tokens.slice(at, at + order + 1).join(' ');
      counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
    }
    return counts;
  });
}

/** A candidate caption and those that people wrote, as tokens. */
export interface TokenizedCaption {
  readonly candidate: readonly string[];
  /** At least one. */
  readonly references: readonly (readonly string[])[];
}
