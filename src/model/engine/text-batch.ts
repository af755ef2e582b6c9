import type { TextConfig } from '../config/config.js';
import { fillTextMask } from './token-tree.js';

/** Texts as the text tower takes them: B texts of L ids and a CLS after them. */
export interface TextBatch {
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
 * @param contexts texts as contexts of `context_length` ids each: start, tokens, end, padding. Nothing beyond the first
 *   padding id is seen by any row that is read, so of the rest only as much is kept as the longest text needs.
 * @param rows how many rows of each text are read beside the CLS
 */
export function textBatch(text: TextConfig, contexts: readonly Int32Array[], rows = 0): TextBatch {
  const batch = contexts.length;
  const used = Math.max(...contexts.map((ids) => 1 + ids.findLastIndex((id) => id !== text.pad_id)));
  const length = Math.min(text.context_length, Math.max(used + 1, rows));
  const side = length + 1;
  const ids = new Int32Array(batch * length);
  const mask = new Float32Array(batch * side * side);
  const padding = { padId: text.pad_id, correct: text.correct_cls_mask };
  for (const [i, context] of contexts.entries()) {
    const kept = context.subarray(0, length);
    ids.set(kept, i * length);
    const rows = mask.subarray(i * side * side, (i + 1) * side * side);
    fillTextMask(kept, length === text.context_length, padding, rows);
  }
  return {
    batch,
    length,
    ids,
    positions: Int32Array.from({ length: batch * length }, (_, i) => i % length),
    clsPosition: new Int32Array(batch).fill(text.context_length),
    mask,
  };
}
