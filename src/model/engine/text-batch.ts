import type { TextConfig } from '../config/config.js';
import { causalMask, fillTextMask } from './token-tree.js';

/** Numbers that the text tower takes, row-major. */
export interface TextFeed {
  readonly data: Int32Array | Float32Array;
  readonly shape: readonly number[];
}

/**
 * Texts as the text tower of a config takes them, by the names of `textInputs`.
 * @param contexts B texts as contexts of `context_length` ids each: start, tokens, end, padding. Of these only as much is
 *   kept as the longest text needs: nothing behind is seen by any row that is read.
 */
export function textFeeds(text: TextConfig, contexts: readonly Int32Array[]): Readonly<Record<string, TextFeed>> {
  if (text.embed_cls) {
    const { batch, length, ids, positions, clsPosition, mask } = clsBatch(text, contexts);
    return {
      ids: { data: ids, shape: [batch, length] },
      positions: { data: positions, shape: [batch, length] },
      clsPosition: { data: clsPosition, shape: [batch, 1] },
      mask: { data: mask, shape: [batch, 1, length + 1, length + 1] },
    };
  }
  const places = contexts.map((ids) => placeOf(text, ids));
  const length = text.no_causal_mask ? text.context_length : Math.max(...places) + 1;
  const shape = [contexts.length, length];
  return {
    ids: { data: firstIds(contexts, length), shape },
    positions: { data: positionsOf(contexts.length, length), shape },
    readout: { data: Int32Array.from(places, (place, i) => i * length + place), shape: [contexts.length] },
    ...(!text.no_causal_mask && { mask: { data: causalMask(length), shape: [1, 1, length, length] } }),
  };
}

/** Which of a context's places stands for the text, as OpenCLIP's `text_global_pool` finds it. */
function placeOf({ pool_type, eos_id, context_length }: TextConfig, ids: Int32Array): number {
  switch (pool_type) {
    case 'first':
      return 0;
    case 'last':
      return context_length - 1;
    case 'argmax': // CLIP's end token has the highest id of all
      return ids.reduce((best, id, at) => (id > ids[best]! ? at : best), 0);
    case 'eos': // the first place where it is nowhere
      return Math.max(0, ids.indexOf(eos_id));
  }
}

/** Texts as a tower takes them that appends a CLS: B texts of L ids and a CLS after them. */
export interface ClsBatch {
  readonly batch: number;
  /** L */
  readonly length: number;
  /** [B, L] */
  readonly ids: Int32Array;
  /** [B, L] */
  readonly positions: Int32Array;
  /** [B, 1]: the CLS takes the position after the context. */
  readonly clsPosition: Int32Array;
  /** [B, 1, L + 1, L + 1] */
  readonly mask: Float32Array;
}

/**
 * @param contexts as `textFeeds`; they are cut after the first padding id of the longest
 * @param rows how many rows of each text are read beside the CLS
 */
export function clsBatch(text: TextConfig, contexts: readonly Int32Array[], rows = 0): ClsBatch {
  const batch = contexts.length;
  const used = Math.max(...contexts.map((ids) => 1 + ids.findLastIndex((id) => id !== text.pad_id)));
  const length = Math.min(text.context_length, Math.max(used + 1, rows));
  const side = length + 1;
  const mask = new Float32Array(batch * side * side);
  const padding = { padId: text.pad_id, correct: text.correct_cls_mask };
  for (const [i, context] of contexts.entries()) {
    const own = mask.subarray(i * side * side, (i + 1) * side * side);
    fillTextMask(context.subarray(0, length), length === text.context_length, padding, own);
  }
  return {
    batch,
    length,
    ids: firstIds(contexts, length),
    positions: positionsOf(batch, length),
    clsPosition: new Int32Array(batch).fill(text.context_length),
    mask,
  };
}

/** [B, L] */
function firstIds(contexts: readonly Int32Array[], length: number): Int32Array {
  const ids = new Int32Array(contexts.length * length);
  for (const [i, context] of contexts.entries()) ids.set(context.subarray(0, length), i * length);
  return ids;
}

const positionsOf = (batch: number, length: number): Int32Array =>
  Int32Array.from({ length: batch * length }, (_, i) => i % length);
