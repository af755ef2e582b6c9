import type { CocaConfig } from '../config/config.js';
import { layerNorm } from './blocks.js';
import { type DecoderInput, multimodalLayers, unimodalHalf } from './decoder.js';
import type { GradientOps } from './gradient-ops.js';
import type { AttentionSite } from './ops.js';
import { WayBack } from './way-back.js';

/** Where the way back ends: what comes before the first cross-attention is not asked for. */
const isFirstCross = ({ name, layer }: AttentionSite): boolean => name === 'cross' && layer === 0;

/**
 * The gradient of what each row of a caption predicts, by the cross-attention probabilities of each layer in that row:
 * of log p(labels[r] | image, rows 0..r), [B, H, N, T] a layer.
 *
 * One pass serves all rows. A row's prediction depends on its own cross-attention only through what the row itself
 * becomes: rows before it cannot see it, and rows after it are not asked for it.
 *
 * @param input rows that follow no others: without cache
 * @param labels [B, N]
 */
export function crossGradients<T>(
  ops: GradientOps<T>,
  config: CocaConfig,
  { ids, positions, unimodalMask, multimodalMask, image }: Omit<DecoderInput<T>, 'cache'>,
  labels: T,
): readonly T[] {
  const unimodal = unimodalHalf(ops, config, { ids, positions }, { mask: unimodalMask });
  const gradients: T[] = [];
  const wayBack = new WayBack(ops, ({ name, layer }, gradient) => {
    if (name === 'cross') gradients[layer] = gradient;
  });
  const { x } = multimodalLayers(wayBack, config, wayBack.constant(unimodal.x), {
    mask: wayBack.constant(multimodalMask),
    image: image.map(({ keys, values }) => ({ keys: wayBack.constant(keys), values: wayBack.constant(values) })),
  });
  const normed = layerNorm(wayBack, 'text_decoder.ln_final', x, config.multimodal);
  const projection = ops.parameter('text_decoder.text_projection');
  normed.gradient = ops.logprobGradient(normed.value, projection, labels);
  wayBack.goBack(isFirstCross);
  return gradients;
}
