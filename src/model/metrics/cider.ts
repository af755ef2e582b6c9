import { countNgrams, MAX_NGRAM, type TokenizedCaption } from './ngrams.js';

/** Width of the penalty for lengths that differ. */
const SIGMA = 6;

/** A caption as vectors of tf-idf weights, one for each order of n-grams. */
interface Weighted {
  readonly weights: readonly ReadonlyMap<string, number>[];
  readonly norms: readonly number[];
  /** How many bigrams it has, which is what COCO's evaluation takes for its length. */
  readonly length: number;
}

/**
 * Mean CIDEr-D (Vedantam et al. 2015) as pycocoevalcap computes it, ten times the mean over n-gram orders and references
 * of clipped tf-idf cosines; how rare an n-gram is is told by the references of these captions alone.
 */
export function cider(captions: readonly TokenizedCaption[]): number {
  const frequencies = documentFrequencies(captions);
  const documents = Math.log(captions.length);
  const weigh = (tokens: readonly string[]): Weighted => {
    const counts = countNgrams(tokens);
    const weights = counts.map(
      (ofOrder) =>
        new Map([...ofOrder].map(([ngram, n]) => [ngram, n * (documents - Math.log(frequencies.get(ngram) ?? 1))])),
    );
    const norms = weights.map((ofOrder) =>
      Math.sqrt([...ofOrder.values()].reduce((sum, weight) => sum + weight ** 2, 0)),
    );
    return { weights, norms, length: Math.max(0, tokens.length - 1) };
  };
  const scores = captions.map(({ candidate, references }) => {
    const mine = weigh(candidate);
    const total = references.reduce((sum, reference) => sum + similarity(mine, weigh(reference)), 0);
    return (10 * total) / references.length;
  });
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/** Of how many pictures' references an n-gram is part; orders cannot be confused, since n tokens have n - 1 spaces. */
function documentFrequencies(captions: readonly TokenizedCaption[]): ReadonlyMap<string, number> {
  const frequencies = new Map<string, number>();
  for (const { references } of captions) {
    const ngrams = references.flatMap((tokens) => countNgrams(tokens).flatMap((ofOrder) => [...ofOrder.keys()]));
    for (const ngram of new Set(ngrams)) frequencies.set(ngram, (frequencies.get(ngram) ?? 0) + 1);
  }
  return frequencies;
}

/** The mean over orders of the clipped cosine, times a Gaussian of the difference of lengths. */
function similarity(candidate: Weighted, reference: Weighted): number {
  let total = 0;
  for (let order = 0; order < MAX_NGRAM; order++) {
    const others = reference.weights[order]!;
    let product = 0;
    for (const [ngram, weight] of candidate.weights[order]!) {
      const other = others.get(ngram) ?? 0;
      product += Math.min(weight, other) * other;
    }
    const norms = candidate.norms[order]! * reference.norms[order]!;
    if (norms > 0) total += product / norms;
  }
  const gap = candidate.length - reference.length;
  return (total / MAX_NGRAM) * Math.exp(-(gap ** 2) / (2 * SIGMA ** 2));
}
