import { countNgrams, MAX_NGRAM, type TokenizedCaption } from './ngrams.js';

/** What COCO's evaluation adds above and below a fraction, so that neither is zero. */
const TINY = 1e-15;
const SMALL = 1e-9;

/**
 * Corpus BLEU-1 to BLEU-4 (Papineni et al. 2002) as pycocoevalcap computes it: clipped n-gram precisions over the whole
 * corpus, their geometric mean, and a brevity penalty against the reference whose length is closest (of two equally
 * close the shorter).
 */
export function bleu(captions: readonly TokenizedCaption[]): number[] {
  const correct = Array<number>(MAX_NGRAM).fill(0);
  const guessed = Array<number>(MAX_NGRAM).fill(0);
  let length = 0;
  let wanted = 0;
  for (const { candidate, references } of captions) {
    length += candidate.length;
    wanted += closestLength(candidate.length, references);
    const inReferences = references.map(countNgrams);
    for (const [order, counts] of countNgrams(candidate).entries()) {
      guessed[order]! += Math.max(0, candidate.length - order);
      for (const [ngram, count] of counts) {
        correct[order]! += Math.min(count, Math.max(...inReferences.map((one) => one[order]!.get(ngram) ?? 0)));
      }
    }
  }
  const ratio = (length + TINY) / (wanted + SMALL);
  const brevity = ratio < 1 ? Math.exp(1 - 1 / ratio) : 1;
  let product = 1;
  return correct.map((count, order) => {
    product *= (count + TINY) / (guessed[order]! + SMALL);
    return product ** (1 / (order + 1)) * brevity;
  });
}

function closestLength(length: number, references: TokenizedCaption['references']): number {
  const lengths = references.map((reference) => reference.length).sort((a, b) => a - b);
  return lengths.reduce((best, other) => (Math.abs(other - length) < Math.abs(best - length) ? other : best));
}
