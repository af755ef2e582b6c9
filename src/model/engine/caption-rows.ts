import type { CocaConfig } from '../config.js';
import { ROOT } from '../decoding/types.js';
import { type ForestRows, TokenForest } from './token-forest.js';

/**
 * The N = ids.length - 1 rows of a caption by itself, as a decoder takes them, and what each has to predict: row r has
 * read ids[0..r].
 */
export function captionRows(config: CocaConfig, ids: readonly number[]): ForestRows & { readonly labels: Int32Array } {
  const chain = ids.slice(0, -1).map((token, node) => ({ node, parent: node === 0 ? ROOT : node - 1, token }));
  return { ...new TokenForest(config, 1).add([chain], 0), labels: Int32Array.from(ids.slice(1)) };
}
