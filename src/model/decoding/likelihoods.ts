import { logSumExp } from './logits.js';
import { captionTrie } from './trie.js';
import { ROOT, type TokenRow, type TreeModel } from './types.js';

/** Consecutive runs of captions of about `rows` tokens, as index ranges. */
export function groupsOf(
  captions: readonly (readonly number[])[],
  rows: number,
): readonly [from: number, to: number][] {
  const groups: [number, number][] = [];
  let from = 0;
  let size = 0;
  for (const [i, ids] of captions.entries()) {
    if (i > from && size + ids.length > rows) {
      groups.push([from, i]);
      from = i;
      size = 0;
    }
    size += ids.length;
  }
  if (from < captions.length) groups.push([from, captions.length]);
  return groups;
}

/** Adds log p(token) of the captions [from, to) for every picture, sharing what captions begin with alike. */
export async function addLogprobs(
  trees: TreeModel,
  captions: readonly (readonly number[])[],
  [from, to]: readonly [number, number],
  totals: readonly { sum: number }[][],
): Promise<void> {
  const { rows, targets } = captionTrie(captions.slice(from, to));
  const logits = await trees.extend(totals.map((): readonly TokenRow[] => rows));
  for (const [picture, scores] of logits.entries()) {
    const normalisers = rows.map((_, row) => logSumExp(scores, row * trees.vocabSize, (row + 1) * trees.vocabSize));
    for (const { row, token, caption } of targets) {
      if (row === ROOT) continue;
      totals[picture]![from + caption]!.sum += scores[row * trees.vocabSize + token]! - normalisers[row]!;
    }
  }
}

/** log p of every id after the first, of the logits [N, V] of the rows before it. */
export function logprobsOf(ids: readonly number[], logits: Float32Array, vocabSize: number): number[] {
  return ids.slice(1).map((id, row) => {
    const from = row * vocabSize;
    return logits[from + id]! - logSumExp(logits, from, from + vocabSize);
  });
}
