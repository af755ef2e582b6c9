import type { Tensor } from '@tensorflow/tfjs-core';
import { captionLogits, imageMemory, multimodalLayers, unimodalHalf } from '../../architecture/text.js';
import type { CocaConfig } from '../../config.js';
import { ROOT } from '../../decoding/types.js';
import type { Attention } from '../network.js';
import { TokenForest } from '../token-forest.js';
import type { Backend } from './backends.js';
import { crossEntropy } from './functions/cross-entropy.js';
import { pickRows } from './functions/embedding.js';
import { rowsOf } from './functions/shape.js';
import { TfjsOps } from './ops.js';
import type { Parameters } from './parameters.js';

/** How many rows are differentiated at once: each takes a copy of the caption. */
const ROWS_PER_PASS = 8;

/** What `Network.crossGradients` says, for image tokens [1, T, W]. */
export async function crossGradients(
  backend: Backend,
  config: CocaConfig,
  parameters: Parameters,
  imageTokens: Float32Array,
  ids: readonly number[],
): Promise<readonly Attention[]> {
  const { layers, heads, width } = config.multimodal;
  const count = ids.length - 1; // N
  const keys = imageTokens.length / width; // T
  const results = Array.from({ length: layers }, () => new Float32Array(heads * count * keys));
  for (let from = 0; from < count; from += ROWS_PER_PASS) {
    const copies = Math.min(ROWS_PER_PASS, count - from);
    const tensors = backend.run(() => gradientsOfRows(backend, config, parameters, imageTokens, ids, from, copies));
    for (const [layer, tensor] of tensors.entries()) {
      const values = await tensor.data(); // [copies, H, N, T], of which each copy's own row is wanted
      tensor.dispose();
      for (let copy = 0; copy < copies; copy++) {
        for (let head = 0; head < heads; head++) {
          const row = (copy * heads + head) * count + from + copy;
          const target = head * count + from + copy;
          results[layer]!.set(values.subarray(row * keys, (row + 1) * keys), target * keys);
        }
      }
    }
  }
  return results.map((data, layer) => ({ name: 'cross', layer, data, shape: [1, heads, count, keys] }));
}

/**
 * Copies of the caption side by side, each differentiated by what another row predicts: [copies, H, N, T] for each
 * layer. The gradient by the probabilities is that by zeros which are added to them.
 */
function gradientsOfRows(
  { tf }: Backend,
  config: CocaConfig,
  parameters: Parameters,
  imageTokens: Float32Array,
  ids: readonly number[],
  from: number,
  copies: number,
): Tensor[] {
  const { layers, heads, width } = config.multimodal;
  const count = ids.length - 1;
  const keys = imageTokens.length / width;
  let zeros: readonly Tensor[] = [];
  const ops = new TfjsOps(tf, parameters, {
    perturbation: ({ name, layer }) => (name === 'cross' ? zeros[layer] : undefined),
  });
  const copied = (x: Tensor) => tf.tile(x, [copies, ...x.shape.slice(1).map(() => 1)]);

  const chain = ids.slice(0, -1).map((token, node) => ({ node, parent: node === 0 ? ROOT : node - 1, token }));
  const rows = new TokenForest(config, 1).add([chain], 0);
  const unimodal = unimodalHalf(
    ops,
    config,
    { ids: ops.indices(rows.ids, [1, count]), positions: ops.indices(rows.positions, [1, count]) },
    { mask: ops.floats(rows.unimodalMask, [1, 1, count, count]) },
  );
  const memory = imageMemory(ops, config, ops.floats(imageTokens, [1, keys, width]));
  const tokens = copied(unimodal.x);
  const image = memory.map((pair) => ({ keys: copied(pair.keys), values: copied(pair.values) }));
  const mask = ops.floats(rows.multimodalMask, [1, 1, count, count]);
  const own = Int32Array.from({ length: copies }, (_, copy) => copy * count + from + copy);
  const labels = Int32Array.from({ length: copies }, (_, copy) => ids[from + copy + 1]!);

  /** -log p of what each copy's own row predicts, added up. */
  const surprise = (...perturbations: Tensor[]): Tensor => {
    zeros = perturbations;
    const { x } = multimodalLayers(ops, config, tokens, { mask, image });
    return crossEntropy(tf, captionLogits(ops, pickRows(tf, rowsOf(tf, x), own)), labels);
  };
  const at = Array.from({ length: layers }, () => tf.zeros([copies, heads, count, keys]));
  return tf
    .grads(surprise)(at)
    .map((gradient) => tf.neg(gradient));
}
