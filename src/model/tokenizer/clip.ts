import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { encodeWord, pairKey } from './bpe.js';
import { BYTE_LETTERS, bytesToText, bytesToVisibleText, LETTER_OF_BYTE, lettersToBytes } from './bytes.js';
import { clean } from './clean.js';
import type { Codec } from './codec.js';

/**
 * CLIP's tokenizer as OpenCLIP has it (`SimpleTokenizer`). Ids: 256 byte letters, the same ending a word, one for each
 * merge in the order learned, start, end.
 *
 * Not built on @huggingface/tokenizers like `tokenizer.json` files: measured, that takes 110 ms to construct (this 20,
 * and 30 more once there is a text to encode) and 5 to 7 s for a word of a megabyte (this 0.5), and it finds special
 * tokens inside of words, where OpenCLIP's pattern does not.
 */
const MERGES = 49152 - 256 - 2;
const WORD_LETTERS = 256;
const FIRST_MERGE = 2 * WORD_LETTERS;
const START = FIRST_MERGE + MERGES;
const END = START + 1;
const END_OF_WORD = '</w>';

export const CLIP_SIZE = END + 1;
export const CLIP_SPECIALS: ReadonlyMap<number, string> = new Map([
  [START, '<start_of_text>'],
  [END, '<end_of_text>'],
]);

const FILE = new URL('../../../assets/bpe_simple_vocab_16e6.txt.gz', import.meta.url);

/**
 * OpenCLIP's pattern. It ignores case and comes after lower-casing, which leaves one letter that matters: the long s.
 * White space is Unicode's, not JavaScript's (which counts U+FEFF).
 */
const WORDS =
  /<[sſ]tart_of_text>|<end_of_text>|'[sſ]|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{White_Space}\p{L}\p{N}]+/gu;

/** Lines "left right", in the order learned. The file goes on with merges that CLIP does not use. */
function readMerges(): readonly string[] {
  const text = gunzipSync(readFileSync(FILE));
  let end = text.indexOf('\n'); // the first line is a version
  const start = end + 1;
  for (let i = 0; i < MERGES; i++) end = text.indexOf('\n', end + 1);
  return text.toString('utf8', start, end).split('\n');
}

function learnedPairs(merges: readonly string[]): ReadonlyMap<number, number> {
  const ids = new Map<string, number>();
  BYTE_LETTERS.forEach((letter, i) => {
    ids.set(letter, i).set(letter + END_OF_WORD, WORD_LETTERS + i);
  });
  const ranks = new Map<number, number>();
  merges.forEach((line, rank) => {
    const space = line.indexOf(' ');
    const left = line.slice(0, space);
    const right = line.slice(space + 1);
    ranks.set(pairKey(ids.get(left)!, ids.get(right)!), rank);
    ids.set(left + right, FIRST_MERGE + rank);
  });
  return ranks;
}

export function clipCodec(): Codec {
  const merges = readMerges();
  const specialIds = new Map([...CLIP_SPECIALS].map(([id, content]) => [content, id]));
  const known = new Map<string, readonly number[]>();
  let ranks: ReadonlyMap<number, number> | undefined; // captions only decode

  function token(id: number): string {
    if (id < WORD_LETTERS) return BYTE_LETTERS[id]!;
    if (id < FIRST_MERGE) return BYTE_LETTERS[id - WORD_LETTERS]! + END_OF_WORD;
    return merges[id - FIRST_MERGE]!.replace(' ', '');
  }

  function encodeOne(word: string): readonly number[] {
    const special = specialIds.get(word);
    if (special !== undefined) return [special];
    const cached = known.get(word);
    if (cached) return cached;
    const letters = Array.from(Buffer.from(word), (byte) => LETTER_OF_BYTE[byte]!);
    letters[letters.length - 1]! += WORD_LETTERS;
    ranks ??= learnedPairs(merges);
    const ids = encodeWord(letters, ranks, (rank) => FIRST_MERGE + rank);
    if (word.length < 64 && known.size < 10_000) known.set(word, ids);
    return ids;
  }

  return {
    size: CLIP_SIZE,
    specials: CLIP_SPECIALS,
    encode(text, enough = Number.POSITIVE_INFINITY) {
      const ids: number[] = [];
      for (const [word] of clean(text).toLowerCase().matchAll(WORDS)) {
        for (const id of encodeOne(word)) ids.push(id);
        if (ids.length >= enough) break;
      }
      return ids;
    },
    decode: (ids) => bytesToText(lettersToBytes(ids.map(token).join(''))).replaceAll(END_OF_WORD, ' '),
    show: (id) => bytesToVisibleText(lettersToBytes(token(id).replace(/<\/w>$/, ''))),
    endsWord: (id) => token(id).endsWith(END_OF_WORD),
  };
}
