import { Row } from './scores.js';
import { captionTrie } from './trie.js';
import { chainOf, ROOT, type RowScores, type TokenRow, type TreeModel } from './types.js';

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

/**
 * Adds log p(token) of the captions [from, to) for every picture, sharing what captions begin with alike.
 * @param given how many ids of each caption, from the start token on, are given and do not count
 */
export async function addLogprobs(
  trees: TreeModel,
  captions: readonly (readonly number[])[],
  [from, to]: readonly [number, number],
  totals: readonly { sum: number }[][],
  given: readonly number[],
): Promise<void> {
  const { rows, targets } = captionTrie(captions.slice(from, to));
  const scores = await trees.extend(totals.map((): readonly TokenRow[] => rows));
  for (const [picture, own] of scores.entries()) {
    const said = rows.map((_, row) => new Row(own, row));
    for (const { row, token, caption, place } of targets) {
      if (row !== ROOT && place >= given[from + caption]!)
        totals[picture]![from + caption]!.sum += said[row]!.logprob(token);
    }
  }
}

/** log p of every id after the first, of the scores of the rows before it, which begin at `from`. */
export function logprobsOf(ids: readonly number[], scores: RowScores, from = 0): number[] {
  return ids.slice(1).map((id, row) => new Row(scores, from + row).logprob(id));
}

/**
 * A caption read under each picture of some trees, as `Coca.readCaption`.
 * @param copies how often it is read under each, side by side: result[b] has them one after the other
 */
export async function readingsOf(
  trees: TreeModel,
  ids: readonly number[],
  copies: number,
): Promise<readonly (readonly number[])[]> {
  const chain = chainOf(ids.slice(0, -1));
  const copy = (first: number): readonly TokenRow[] =>
    chain.map(({ node, parent, token }) => {
      return { node: node + first, parent: parent === ROOT ? ROOT : parent + first, token };
    });
  const starts = Array.from({ length: copies }, (_, i) => i * chain.length);
  const rows = starts.flatMap(copy);
  const scores = await trees.extend(Array.from({ length: trees.batch }, () => rows));
  return scores.map((own) => starts.flatMap((start) => logprobsOf(ids, own, start)));
}
