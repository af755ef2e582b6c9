import type { ModelConfig } from '../config/config.js';
import { type BlockStyle, blockStyle, latentPooler, layerNorm, selfAttentionBlock } from './blocks.js';
import type { AttentionWatcher, Ops } from './ops.js';
import type { VisionOutput } from './vision.js';

/**
 * SigLIP's image encoder, which is timm's VisionTransformer without a class token (Zhai et al. 2023, "Sigmoid Loss for Language Image
 * Pre-Training"), up to its head: pixels [B, 3, S, S], normalised -> encoder outputs [B, P, W].
 */
export function latentTrunk<T>(ops: Ops<T>, { vision }: ModelConfig, pixels: T, watch?: AttentionWatcher<T>): T {
  const style: BlockStyle = blockStyle(vision, vision.width / vision.head_width);
  const patches = ops.patchEmbed(pixels, ops.parameter('visual.conv1.weight'), vision.patch_size); // [B, P, W]
  let x = ops.add(ops.add(patches, ops.parameter('visual.conv1.bias')), ops.parameter('visual.positional_embedding'));
  for (let layer = 0; layer < vision.layers; layer++) {
    const prefix = `visual.transformer.resblocks.${layer}`;
    x = selfAttentionBlock(ops, prefix, x, style, {}, { name: 'vision', layer, watch }).x;
  }
  return x;
}

/**
 * Its head is MAP (Zhai et al. 2022, "Scaling Vision Transformers"): encoder outputs, of any number of pictures in a row, -> the
 * output of a latent query that attends them all.
 */
export function latentHead<T>(
  ops: Ops<T>,
  { vision }: ModelConfig,
  outputs: T,
  watch?: AttentionWatcher<T>,
): VisionOutput<T> {
  const style: BlockStyle = blockStyle(vision, vision.width / vision.head_width);
  const tokens = layerNorm(ops, 'visual.ln_post', outputs, vision);
  const pooled = latentPooler(ops, 'visual.attn_pool', tokens, style, { name: 'pooler.0', layer: 0, watch }); // [B, 1, W]
  const latent = ops.take(pooled, 0);
  return { latent, features: ops.l2Normalize(latent), tokens };
}
