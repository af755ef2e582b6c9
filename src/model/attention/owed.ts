import type { Coca, ImageEncoding } from '../api.js';
import { stopIfAborted } from '../base/errors.js';
import { Row } from '../decoding/scores.js';
import { chainOf } from '../decoding/types.js';
import { sumOfWord, type Word } from '../tokenizer/words.js';

/**
 * What words owe to the words before them: [w][v], how far the log-probability of word w falls without word v, in nats, for v < w; below
 * 0 where it rises.
 */
export type OwedToWords = readonly (readonly number[])[];

/** How many other words take a word's place, one after the other. */
const ALTERNATIVES = 3;

/**
 * Reads a caption with each of its words replaced by those that the model would have said next likeliest in its place, and takes the mean:
 * the caption stays one that could be, and the word is not there (Kim et al. 2020, "Interpretation of NLP models through input
 * marginalization", of which these are the likeliest terms).
 * @param image one picture
 * @param ids from the start token
 * @param words of these ids, in order
 * @throws CocaError `interrupted`
 */
export async function owedToWords(
  coca: Pick<Coca, 'openTree' | 'readCaption'>,
  image: ImageEncoding,
  ids: readonly number[],
  words: readonly Word[],
  { signal, onProgress }: { readonly signal?: AbortSignal; readonly onProgress?: (part: number) => void } = {},
): Promise<OwedToWords> {
  const others = await likeliestOthers(coca, image, ids);
  const falls = words.map(() => [] as number[]);
  for (const [v, { positions }] of words.entries()) {
    stopIfAborted(signal, 'stopped before all words were left out');
    onProgress?.(v / words.length);
    const sums = words.map(() => 0);
    for (let k = 0; k < ALTERNATIVES; k++) {
      const changed = ids.map((id, position) => (positions.includes(position) ? others[position]![k]! : id));
      const [logprobs] = await coca.readCaption(image, changed);
      for (const [w, word] of words.entries()) {
        sums[w]! += sumOfWord(word, logprobs!);
      }
    }
    for (let w = v + 1; w < words.length; w++) falls[w]!.push(words[w]!.logprob - sums[w]! / ALTERNATIVES);
  }
  onProgress?.(1);
  return falls;
}

/** For each position the ids that are likeliest there, but for its own, the likeliest first; none for the start. */
async function likeliestOthers(
  coca: Pick<Coca, 'openTree'>,
  image: ImageEncoding,
  ids: readonly number[],
): Promise<readonly (readonly number[])[]> {
  const tree = await coca.openTree(image);
  try {
    // Its own may be among them.
    const wanted = ALTERNATIVES + 1;
    const [scores] = await tree.extend([chainOf(ids.slice(0, -1))], wanted);
    return ids.map((own, position) => {
      if (position === 0) return [];
      const best = new Row(scores!, position - 1).top(wanted).map(({ token }) => token);
      return best.filter((token) => token !== own).slice(0, ALTERNATIVES);
    });
  } finally {
    tree.release();
  }
}
