import type { Coca, ImageEncoding } from '../api.js';
import { type Word, wordsOf } from '../tokenizer/words.js';
import { AttentionMaps, type MapChoice } from './maps.js';
import type { Occlusion, RawAttention } from './raw.js';

export {
  AttentionMaps,
  DEFAULT_MAP,
  entropyOf,
  hasLayers,
  MAP_METHODS,
  type MapChoice,
  type MapMethod,
  type MeasuredClip,
  type MeasuredMap,
  measureFrames,
  measureMap,
  peakOf,
} from './maps.js';
export { occlude } from './occlusion.js';
export type { AttentionLayer, Occlusion, RawAttention } from './raw.js';

/** A caption, word by word, with where each word looks. */
export interface CaptionAttention {
  /** Words in order, special tokens (the end) marked. */
  readonly words: readonly Word[];
  readonly maps: AttentionMaps;
  readonly raw: RawAttention;
}

/**
 * @param image one picture, encoded with `attention`
 * @param ids the caption, from the start token
 * @param options without `gradient` it costs one pass through the decoder instead of some three, and has no such maps
 */
export async function attendCaption(
  coca: Coca,
  image: ImageEncoding,
  ids: readonly number[],
  { gradient = true }: { readonly gradient?: boolean } = {},
): Promise<CaptionAttention> {
  const raw = await coca.attend(image, ids, { gradient });
  return { words: wordsOf(ids, raw.logprobs, coca.tokenizer), maps: new AttentionMaps(raw, coca.config), raw };
}

/**
 * A word's map, [P] summing to 1, or [F P] of a clip. The row to show for a token is the one that predicts it: at its own position the
 * decoder already looks for what comes next.
 */
export function mapOfWord({ maps }: CaptionAttention, word: Word, choice: MapChoice): Float32Array {
  return maps.ofRows(
    word.positions.map((position) => position - 1),
    choice,
  );
}

/** The same with what blanking the picture costs its words. */
export function withOcclusion(attention: CaptionAttention, occlusion: Occlusion, { config }: Coca): CaptionAttention {
  return { ...attention, maps: new AttentionMaps(attention.raw, config, occlusion) };
}
