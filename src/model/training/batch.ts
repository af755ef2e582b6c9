import type { ModelConfig } from '../config/config.js';

/** Pictures and their texts, entry by entry. */
export interface TrainingBatch {
  /** [B, 3, S, S], normalised. */
  readonly pixels: Float32Array;
  /** Contexts of `context_length` ids each: start, tokens, end, padding. */
  readonly contexts: readonly Int32Array[];
  /** [B], the class of each picture, where a classifier is trained. */
  readonly classes?: Int32Array;
  /** [B], how many ids of each context, from the start token on, are given and not predicted: a question's. By default the start token alone. */
  readonly given?: Int32Array;
}

/** What the captioner is to predict: rows of the decoder's output [B, N, W], and the id that each should give. */
export interface CaptionTargets {
  /** N: how many positions of each text the decoder needs to read. */
  readonly length: number;
  /** Indices into B x N rows. */
  readonly rows: Int32Array;
  readonly labels: Int32Array;
}

/**
 * The id that is not predicted: what OpenCLIP's CLIP tokenizer pads with. Its `CoCaLoss` ignores this one whatever the
 * model's `pad_id` and tokenizer say: padding of another id is predicted like any token.
 */
const IGNORED = 0;

/**
 * Teacher forcing: the row that has read ids[0..t] predicts ids[t + 1]. Id 0 is not predicted; neither, as in OpenCLIP,
 * within a text; neither are ids that are given.
 */
export function captionTargets({ contexts, given }: Pick<TrainingBatch, 'contexts' | 'given'>): CaptionTargets {
  const last = Math.max(...contexts.map((ids) => ids.findLastIndex((id) => id !== IGNORED)));
  const rows: number[] = [];
  const labels: number[] = [];
  for (const [b, ids] of contexts.entries()) {
    for (let t = (given?.[b] ?? 1) - 1; t < last; t++) {
      if (ids[t + 1] === IGNORED) continue;
      rows.push(b * last + t);
      labels.push(ids[t + 1]!);
    }
  }
  return { length: last, rows: Int32Array.from(rows), labels: Int32Array.from(labels) };
}

/**
 * Entries whose text describes the picture. A question with its answer does not: many pictures share "is there a dog no", so these have no
 * part in the contrastive loss.
 */
export function described({ contexts, given }: Pick<TrainingBatch, 'contexts' | 'given'>): Int32Array {
  return Int32Array.from([...contexts.keys()].filter((b) => (given?.[b] ?? 1) === 1));
}

/** What the losses of a batch are means over: caption tokens and pictures. */
export function countsOf(pieces: readonly TrainingBatch[]): { readonly tokens: number; readonly pictures: number } {
  let [tokens, pictures] = [0, 0];
  for (const piece of pieces) {
    tokens += captionTargets(piece).labels.length;
    pictures += piece.contexts.length;
  }
  return { tokens, pictures };
}

/** @throws RangeError for arrays that do not fit each other or the model */
export function checkBatch({ pixels, contexts, classes, given }: TrainingBatch, config: ModelConfig): void {
  const batch = contexts.length;
  const perPicture = 3 * config.vision.image_size ** 2;
  if (batch === 0 || pixels.length !== batch * perPicture) {
    throw new RangeError(`${pixels.length} pixel values for ${batch} pictures of ${perPicture}`);
  }
  if (classes !== undefined && classes.length !== batch) {
    throw new RangeError(`${classes.length} classes for ${batch} pictures`);
  }
  if (given !== undefined && given.length !== batch)
    throw new RangeError(`${given.length} questions for ${batch} pictures`);
  const { text } = config;
  for (const [b, ids] of contexts.entries()) {
    if (ids.length !== text.context_length) throw new RangeError(`a context of ${ids.length} ids`);
    if (ids.findLastIndex((id) => id !== IGNORED) < 1) throw new RangeError('a text without an end token');
    const asked = given?.[b] ?? 1;
    if (asked < 1 || ids.findLastIndex((id) => id !== IGNORED) < asked)
      throw new RangeError('a question without an answer');
    const odd = ids.find((id) => id < 0 || id >= text.vocab_size);
    if (odd !== undefined) throw new RangeError(`the id ${odd} is not in a vocabulary of ${text.vocab_size}`);
  }
}

/** A batch in `count` pieces of about the same size. */
export function piecesOf({ pixels, contexts, classes, given }: TrainingBatch, count: number): TrainingBatch[] {
  const size = contexts.length;
  const perPicture = pixels.length / size;
  const from = (piece: number) => Math.floor((piece * size) / count);
  return Array.from({ length: count }, (_, piece) => ({
    pixels: pixels.subarray(from(piece) * perPicture, from(piece + 1) * perPicture),
    contexts: contexts.slice(from(piece), from(piece + 1)),
    ...(classes && { classes: classes.subarray(from(piece), from(piece + 1)) }),
    ...(given && { given: given.subarray(from(piece), from(piece + 1)) }),
  }));
}
