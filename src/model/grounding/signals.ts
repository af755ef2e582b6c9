import type { Coca, ImageEncoding } from '../api.js';
import { regionOf, withoutPatches } from '../attention/faithfulness.js';
import { attendCaption, DEFAULT_MAP, mapOfWord } from '../attention/index.js';
import { stopIfAborted } from '../base/errors.js';
import { dot } from '../base/numbers/vectors.js';
import { gridSize } from '../config/config.js';
import type { Picture } from '../image/picture.js';
import { chunks } from '../interventions/chunks.js';
import { sumOfWord, type Word } from '../tokenizer/words.js';

/** What a word of a caption owes to the picture; log-probabilities in nats. */
export interface WordSignals {
  /** log p(word | picture, the words before). */
  readonly logprob: number;
  /** The same under a picture of nothing in particular (`meanPicture`). */
  readonly without: number;
  /** logprob - without: what the picture adds. */
  readonly gain: number;
  /** How much logprob falls when the highest patches of the word's own map are blanked. */
  readonly drop: number;
  /** How much of the word's map lies in these patches: near `REGION` (`attention/faithfulness.ts`) where the map is flat, near 1 where it is in one place. */
  readonly mass: number;
  /** How much the cosine of picture and caption falls when the word is left out. */
  readonly similarity: number;
}

/** Blanked pictures that are encoded at once. */
const PICTURES_PER_CALL = 16;

export interface SignalHooks {
  readonly signal?: AbortSignal;
  /** Which of the caption's words are looked at, by their index: all where it is not there. */
  readonly wanted?: (word: number) => boolean;
  /** Receives the part that is done, from 0 to 1. */
  readonly onProgress?: (part: number) => void;
}

/** A picture, and its encoding with attention: captions of one picture share it. */
export interface SeenPicture {
  readonly picture: Picture;
  readonly image: ImageEncoding;
}

export interface FoundSignals {
  /** Which of the caption's words it is. */
  readonly index: number;
  readonly word: Word;
  readonly signals: WordSignals;
}

/**
 * The signals of the words of a caption, special tokens left out.
 * @param ids the caption from the start token to the end token
 * @param reference what stands for no picture
 */
export async function wordSignals(
  coca: Coca,
  { picture, image }: SeenPicture,
  ids: readonly number[],
  reference: ImageEncoding,
  { signal, wanted = () => true, onProgress }: SignalHooks = {},
): Promise<readonly FoundSignals[]> {
  const grid = gridSize(coca.config);
  const attention = await attendCaption(coca, image, ids);
  const indexed = attention.words
    .filter(({ special }) => !special)
    .map((word, index) => ({ word, index }))
    .filter(({ index }) => wanted(index));
  const words = indexed.map(({ word }) => word);
  const maps = words.map((word) => mapOfWord(attention, word, DEFAULT_MAP));
  const highest = maps.map(regionOf);
  const blanked = highest.map((patches) => withoutPatches(picture, grid, patches));
  const [unseen] = await coca.readCaption(reference, ids);
  const readings: (readonly number[])[] = [];
  for (const some of chunks(blanked, PICTURES_PER_CALL)) {
    stopIfAborted(signal, 'stopped before all words were looked at');
    onProgress?.(readings.length / blanked.length);
    readings.push(...(await coca.readCaption(await coca.encodeImages(some), ids)));
  }
  const similarities = await similarityOf(coca, image, ids, words);
  return indexed.map(({ word, index }, i) => {
    const { logprob } = word;
    const without = sumOfWord(word, unseen!);
    const signals = {
      logprob,
      without,
      gain: logprob - without,
      drop: logprob - sumOfWord(word, readings[i]!),
      mass: highest[i]!.reduce((sum, patch) => sum + maps[i]![patch]!, 0),
      similarity: similarities[i]!,
    };
    return { index, word, signals };
  });
}

/** For each word, how much the cosine of picture and caption falls when it is left out. */
async function similarityOf(
  coca: Coca,
  image: ImageEncoding,
  ids: readonly number[],
  words: readonly Word[],
): Promise<readonly number[]> {
  const text = (left: readonly number[]): string => coca.tokenizer.decode(left);
  const shorter = words.map(({ positions }) => text(ids.filter((_, position) => !positions.includes(position))));
  const [whole, ...rest] = await coca.encodeTexts([text(ids), ...shorter]);
  const [features] = image.features;
  return rest.map((one) => dot(features!, whole!) - dot(features!, one));
}
