import type { TokenizedCaption } from './ngrams.js';

/** How much more recall counts than precision, in COCO's evaluation. */
const BETA = 1.2;

/**
 * Mean ROUGE-L (Lin 2004) as pycocoevalcap computes it: the F-measure of the best precision and the best recall of the
 * longest common subsequence, each over all references.
 */
export function rougeL(captions: readonly TokenizedCaption[]): number {
  const scores = captions.map(({ candidate, references }) => {
    const common = references.map((reference) => longestCommonSubsequence(candidate, reference));
    const precision = Math.max(...common) / candidate.length;
    const recall = Math.max(...common.map((length, i) => length / references[i]!.length));
    if (!(precision > 0 && recall > 0)) return 0;
    return ((1 + BETA ** 2) * precision * recall) / (recall + BETA ** 2 * precision);
  });
  return scores.reduce((sum, score) => sum + score, 0) / scores.length;
}

/** Its length, in rows of the usual table. */
function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const token of a) {
    const next = [0];
    for (const [j, other] of b.entries()) {
      next.push(token === other ? row[j]! + 1 : Math.max(row[j + 1]!, next[j]!));
    }
    row = next;
  }
  return row[b.length]!;
}
