import type { ModelConfig } from '../config/config.js';
import { attentionalPooler, blockStyle, layerNorm, selfAttentionBlock } from './blocks.js';
import type { AttentionWatcher, Ops } from './ops.js';

export interface VisionOutput<T> {
  /** [B, E], before L2 normalisation. */
  readonly latent: T;
  /** [B, E], of unit length: the contrastive embedding. */
  readonly features: T;
  /** [B, S, W]: what the decoder cross-attends. */
  readonly tokens: T;
}

/** OpenCLIP's VisionTransformer up to its pooling: pixels [B, 3, S, S], normalised -> encoder outputs [B, 1 + P, W]. */
export function visionTrunk<T>(ops: Ops<T>, { vision }: ModelConfig, pixels: T, watch?: AttentionWatcher<T>): T {
  const style = blockStyle(vision, vision.width / vision.head_width);
  const patches = ops.patchEmbed(pixels, ops.parameter('visual.conv1.weight'), vision.patch_size);
  const classToken = ops.repeat(ops.parameter('visual.class_embedding'), patches);
  let x = ops.add(ops.concat(classToken, patches), ops.parameter('visual.positional_embedding')); // [B, 1 + P, W]
  if (!vision.no_ln_pre) x = layerNorm(ops, 'visual.ln_pre', x, vision);
  for (let layer = 0; layer < vision.layers; layer++) {
    const prefix = `visual.transformer.resblocks.${layer}`;
    x = selfAttentionBlock(ops, prefix, x, style, {}, { name: 'vision', layer, watch }).x;
  }
  return x;
}

/** What follows: encoder outputs -> embedding and image tokens. A pooler takes those of any number of pictures in a row. */
export function visionHead<T>(
  ops: Ops<T>,
  config: ModelConfig,
  outputs: T,
  watch?: AttentionWatcher<T>,
): VisionOutput<T> {
  const { pooled, tokens } = pool(ops, config, outputs, watch);
  const latent = ops.project(pooled, ops.parameter('visual.proj'));
  return { latent, features: ops.l2Normalize(latent), tokens };
}

interface Pooled<T> {
  /** [B, W or E] */
  readonly pooled: T;
  /** [B, S, W or E] */
  readonly tokens: T;
}

/** From all encoder outputs x [B, 1 + P, W] to one vector for contrast and S tokens for the decoder. */
function pool<T>(ops: Ops<T>, config: ModelConfig, x: T, watch?: AttentionWatcher<T>): Pooled<T> {
  const { vision, embed_dim } = config;
  const shape = { heads: vision.attn_pooler_heads, width: embed_dim, contextWidth: vision.width };
  const pooler = (name: string, context: T, index: 0 | 1) =>
    attentionalPooler(ops, `visual.${name}`, context, shape, { name: `pooler.${index}`, layer: 0, watch });
  const lnPost = (input: T) => layerNorm(ops, 'visual.ln_post', input, vision);

  switch (vision.attentional_pool) {
    case true: // as in released weights: one pooler, whose query 0 is the embedding
      return globalPool(ops, config, lnPost(pooler('attn_pool', x, 0)));
    case 'parallel': // as in the paper: two poolers over the encoder's output
    case 'cascade': {
      // as in the paper's best variant: the contrastive pooler works on what the generative one gathered
      const normed = lnPost(x);
      const tokens = pooler('attn_pool', normed, 0);
      const contrastive = pooler('attn_pool_contrastive', vision.attentional_pool === 'cascade' ? tokens : normed, 1);
      return { pooled: ops.take(contrastive, 0), tokens };
    }
    case false: {
      if (!vision.final_ln_after_pool) return globalPool(ops, config, lnPost(x));
      const { pooled, tokens } = globalPool(ops, config, x);
      return { pooled: lnPost(pooled), tokens };
    }
  }
}

/** Splits x [B, 1 + S, W] into a vector (the first row, or the mean of the others) and the other rows. */
function globalPool<T>(ops: Ops<T>, config: ModelConfig, x: T): Pooled<T> {
  const tokens = ops.slice(x, 1);
  return { pooled: config.vision.pool_type === 'avg' ? ops.meanRows(tokens) : ops.take(x, 0), tokens };
}
