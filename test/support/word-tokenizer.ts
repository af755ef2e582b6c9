import type { Tokenizer } from '../../src/model/tokenizer/tokenizer.js';

/** Ids are numbers of words, in the order in which tests name them. */
const WORDS = ['<start>', '↵', '<pad>'];

export function idOf(word: string): number {
  if (!WORDS.includes(word)) WORDS.push(word);
  return WORDS.indexOf(word);
}

const textOf = (id: number): string => WORDS[id]!.replace(/\+$/, '');
const isPiece = (id: number): boolean => WORDS[id]!.endsWith('+');

/** A vocabulary of whatever words a test names; "hot+" is a piece of a word, which the next token goes on with. */
export const WORD_TOKENIZER: Tokenizer = {
  vocabSize: 10_000,
  contextLength: 77,
  special: { sot: 0, eot: 1, pad: 2 },
  encode: (text) => text.split(' ').map(idOf),
  decode: (ids) =>
    [...ids]
      .filter((id) => id > 2)
      .map((id) => `${textOf(id)}${isPiece(id) ? '' : ' '}`)
      .join('')
      .trim(),
  context: () => new Int32Array(77),
  fits: () => true,
  tokenText: textOf,
  endsWord: (id) => !isPiece(id),
};

/** Ids and log-probabilities of a text of words: "a dog" by its probabilities, from the start token. */
export function textOfWords(words: readonly (readonly [word: string, probability: number])[]) {
  const tokens = words.map(([word, probability]) => ({ id: idOf(word), logprob: Math.log(probability) }));
  return { ids: [0, ...tokens.map(({ id }) => id)], tokens };
}
