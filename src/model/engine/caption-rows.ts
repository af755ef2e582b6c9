import type { CocaConfig } from '../config/config.js';
import { chainOf } from '../decoding/types.js';
import { type ForestRows, TokenForest } from './token-forest.js';

/**
 * The N = ids.length - 1 rows of a caption by itself, as a decoder takes them, and what each has to predict: row r has
 * read ids[0..r].
 */
export function captionRows(config: CocaConfig, ids: readonly number[]): ForestRows & { readonly labels: Int32Array } {
  const rows = chainOf(ids.slice(0, -1));
  return { ...new TokenForest(config, 1).add([rows], 0), labels: Int32Array.from(ids.slice(1)) };
}
