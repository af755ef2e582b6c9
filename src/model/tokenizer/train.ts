import TinyQueue from 'tinyqueue';
import { CocaError } from '../base/errors.js';
import { BYTE_LETTERS, LETTER_OF_BYTE } from './bytes.js';
import { clean } from './clean.js';
import { endOfWord, PAD_TOKEN, PRE_TOKENIZER_PATTERN, SPECIAL_TOKENS, tokenizerJson } from './train-file.js';

export interface TokenizerTraining {
  /** Tokens in all: padding, 512 for bytes, merges, start and end. */
  readonly vocabSize: number;
  /** Pairs that occur less often are not merged. Default: 2. */
  readonly minCount?: number;
}

export interface TrainedTokenizer {
  /** The content of a `tokenizer.json`. */
  readonly json: string;
  /** Tokens it has: `vocabSize`, or fewer where the texts have no more pairs. */
  readonly size: number;
}

/** Bytes inside a word and bytes that end one each have their token, so that every text can be written. */
const BYTES = 256;
/** Padding is id 0, as OpenCLIP pads. */
const FIRST_BYTE = 1;
/** Start and end come last. */
const LAST_TOKENS = 2;
const SMALLEST = FIRST_BYTE + 2 * BYTES + LAST_TOKENS;
/** A pair of ids is one whole number; no vocabulary of a text tower comes near. */
const LARGEST = 2 ** 20;

/** What every vocabulary begins with, in the order of ids. */
function firstTokens(): string[] {
  const letters = LETTER_OF_BYTE.map((letter) => BYTE_LETTERS[letter]!);
  return [PAD_TOKEN, ...letters, ...letters.map(endOfWord)];
}

/**
 * Learns byte-pair merges (Sennrich et al. 2016) in CLIP's form: texts are cleaned and lower-cased, split into words by
 * CLIP's pattern, words into bytes of which the last ends the word; then, again and again, the pair that is next to each
 * other most often becomes a token. Of pairs that are equally frequent the one whose tokens were learned earlier comes
 * first, left before right, so that the same texts in any order give the same tokenizer.
 * @throws CocaError `usage` for a vocabulary that has no room for bytes and special tokens; `bad-text` for a text that
 *   cannot be cleaned, and when there is no word at all
 */
export async function trainTokenizer(
  texts: Iterable<string> | AsyncIterable<string>,
  { vocabSize, minCount = 2 }: TokenizerTraining,
): Promise<TrainedTokenizer> {
  if (!Number.isInteger(vocabSize) || vocabSize < SMALLEST || vocabSize > LARGEST) {
    throw new CocaError('usage', `a vocabulary of ${vocabSize} tokens`, `choose ${SMALLEST} to ${LARGEST}`);
  }
  const words = await countWords(texts);
  if (words.size === 0) throw new CocaError('bad-text', 'there are no words to learn a tokenizer from');
  const pairs = new Pairs(words);
  const tokens = firstTokens();
  const merges: [number, number][] = [];
  while (tokens.length + LAST_TOKENS < vocabSize) {
    const best = pairs.mostFrequent();
    if (best === undefined || best.count < minCount) break;
    pairs.merge(best.left, best.right, tokens.length);
    tokens.push(`${tokens[best.left]}${tokens[best.right]}`);
    merges.push([best.left, best.right]);
  }
  return { json: tokenizerJson(tokens, merges), size: tokens.length + LAST_TOKENS };
}

/** How often each word occurs, words as the file's own pre-tokenizer splits them. */
async function countWords(texts: Iterable<string> | AsyncIterable<string>): Promise<ReadonlyMap<string, number>> {
  const pattern = new RegExp(PRE_TOKENIZER_PATTERN, 'gu');
  const counts = new Map<string, number>();
  for await (const text of texts) {
    for (const [word] of clean(text).normalize('NFC').toLowerCase().matchAll(pattern)) {
      if (!SPECIAL_TOKENS.includes(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  return counts;
}

interface Pair {
  readonly left: number;
  readonly right: number;
  readonly count: number;
}

const keyOf = (left: number, right: number): number => left * LARGEST + right;

/** Most frequent first; of equals the one of earlier tokens. */
const inOrder = (a: Pair, b: Pair): number => b.count - a.count || a.left - b.left || a.right - b.right;

/** Neighbouring tokens in all words, how often and where. */
class Pairs {
  readonly #words: { ids: number[]; readonly count: number }[];
  readonly #counts = new Map<number, number>();
  /** Words that have a pair, or had it. */
  readonly #places = new Map<number, Set<number>>();
  /** May hold counts that are no longer true: `mostFrequent` looks. */
  readonly #queue: TinyQueue<Pair>;

  constructor(words: ReadonlyMap<string, number>) {
    this.#words = [...words].map(([word, count]) => ({ ids: byteIds(word), count }));
    for (const at of this.#words.keys()) this.#add(at);
    const all = [...this.#counts].map(([key, count]) => pairOf(key, count));
    this.#queue = new TinyQueue(all, inOrder);
  }

  mostFrequent(): Pair | undefined {
    for (;;) {
      const best = this.#queue.pop();
      if (best === undefined) return undefined;
      const count = this.#counts.get(keyOf(best.left, best.right)) ?? 0;
      if (count === best.count) return best;
      // Its count has sunk since; counts that rise are queued anew.
      if (count > 0 && count < best.count) this.#queue.push({ ...best, count });
    }
  }

  /** Makes a pair one token, in every word, from the left. */
  merge(left: number, right: number, token: number): void {
    const touched = new Set<number>();
    for (const at of this.#places.get(keyOf(left, right)) ?? []) {
      for (const key of this.#remove(at)) touched.add(key);
      this.#words[at]!.ids = joined(this.#words[at]!.ids, left, right, token);
      for (const key of this.#add(at)) touched.add(key);
    }
    this.#places.delete(keyOf(left, right));
    for (const key of touched) {
      const count = this.#counts.get(key) ?? 0;
      if (count > 0) this.#queue.push(pairOf(key, count));
      else this.#counts.delete(key);
    }
  }

  #add(at: number): number[] {
    return this.#change(at, 1, (key) => {
      const places = this.#places.get(key);
      if (places) places.add(at);
      else this.#places.set(key, new Set([at]));
    });
  }

  #remove(at: number): number[] {
    return this.#change(at, -1, () => undefined);
  }

  /** Counts the pairs of a word once more or once less. */
  #change(at: number, sign: 1 | -1, note: (key: number) => void): number[] {
    const { ids, count } = this.#words[at]!;
    const keys: number[] = [];
    for (let i = 1; i < ids.length; i++) {
      const key = keyOf(ids[i - 1]!, ids[i]!);
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + sign * count);
      keys.push(key);
      note(key);
    }
    return keys;
  }
}

const pairOf = (key: number, count: number): Pair => ({ left: Math.floor(key / LARGEST), right: key % LARGEST, count });

function byteIds(word: string): number[] {
  const ids = Array.from(Buffer.from(word), (byte) => FIRST_BYTE + byte);
  ids[ids.length - 1]! += BYTES;
  return ids;
}

function joined(ids: readonly number[], left: number, right: number, token: number): number[] {
  const result: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] === left && ids[i + 1] === right) {
      result.push(token);
      i++;
    } else {
      result.push(ids[i]!);
    }
  }
  return result;
}
