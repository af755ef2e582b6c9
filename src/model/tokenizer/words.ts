import type { Tokenizer } from './tokenizer.js';

/** A word of a caption, or one special token. */
export interface Word {
  /** As a person reads it; special tokens as their own content. */
  readonly text: string;
  /** Where its tokens lie among the caption's ids. */
  readonly positions: readonly number[];
  /** Sum of its tokens' log-probabilities: that of the whole word. */
  readonly logprob: number;
  /** Start, end and padding tokens: no words of the caption. */
  readonly special: boolean;
}

/**
 * What a word has of a figure of tokens: the sum over its own.
 * @param figures one for each id after the start token
 */
export function sumOfWord({ positions }: Pick<Word, 'positions'>, figures: readonly number[]): number {
  return positions.reduce((sum, position) => sum + figures[position - 1]!, 0);
}

/**
 * The word that is meant by its text, whatever its case (the first of several), or by its number from 1.
 * @returns its index among `words`; undefined where there is no such word
 */
export function findWord(words: readonly Pick<Word, 'text'>[], wanted: string): number | undefined {
  const folded = wanted.trim().toLowerCase();
  const found = words.findIndex(({ text }) => text.toLowerCase() === folded);
  if (found >= 0) return found;
  const number = /^\d+$/.test(folded) ? Number(folded) : 0;
  return number >= 1 && number <= words.length ? number - 1 : undefined;
}

/**
 * The words of a caption, the tokens that the tokenizer split them into put together again.
 * @param ids from the start token, which is not among the words
 * @param logprobs one for each id after the start token
 */
export function wordsOf(ids: readonly number[], logprobs: readonly number[], tokenizer: Tokenizer): readonly Word[] {
  const { sot, eot, pad } = tokenizer.special;
  const words: Word[] = [];
  let open: number[] = [];
  const close = () => {
    if (open.length === 0) return;
    const text = tokenizer.decode(open.map((position) => ids[position]!)).trim();
    // Tokens that decode to nothing (white space) still were looked for somewhere: they stay, as themselves.
    const shown = text || open.map((position) => tokenizer.tokenText(ids[position]!)).join('');
    const logprob = sumOfWord({ positions: open }, logprobs);
    words.push({ text: shown, positions: open, logprob, special: false });
    open = [];
  };
  for (let position = 1; position < ids.length; position++) {
    const id = ids[position]!;
    if (id === sot || id === eot || (id === pad && position > ids.indexOf(eot) && ids.includes(eot))) {
      close();
      words.push({
        text: tokenizer.tokenText(id),
        positions: [position],
        logprob: logprobs[position - 1]!,
        special: true,
      });
      continue;
    }
    open.push(position);
    if (tokenizer.endsWord(id)) close();
  }
  close();
  return words;
}
