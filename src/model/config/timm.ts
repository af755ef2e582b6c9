import type { Section } from './config-section.js';
import type { Activation, VisionConfig } from './types.js';

/** Sizes that timm gives a tower by the name of its family. */
const FAMILIES = {
  base: { width: 768, layers: 12, heads: 12, mlp_ratio: 4 },
  large: { width: 1024, layers: 24, heads: 16, mlp_ratio: 4 },
  so400m: { width: 1152, layers: 27, heads: 16, mlp_ratio: 3.7362 },
  giantopt: { width: 1536, layers: 40, heads: 16, mlp_ratio: 4 },
} as const;

/** Those of SigLIP's towers that timm builds with the approximate GELU (timm 1.0, models/vision_transformer.py). */
const TANH = /^vit_(base_patch32|giantopt_patch16|large_patch16_siglip_512|so400m_patch16)/;

const SIGLIP = /^vit_(?<family>base|large|so400m|giantopt)_patch(?<patch>\d+)_siglip_(?<size>\d+)$/;

/** Epsilon of timm's LayerNorm. */
const TIMM_NORM_EPS = 1e-6;

/**
 * A vision tower of timm that has what SigLIP's have: patches and no class token, pooled by the attention of a latent query
 * (`timm_pool: "map"`), without a projection (`timm_proj: "none"`). Its name states all sizes.
 */
export function timmVisionConfig(section: Section, name: string): VisionConfig {
  const found = SIGLIP.exec(name)?.groups as Record<'family' | 'patch' | 'size', string> | undefined;
  if (found === undefined) {
    section.fail('timm_model_name', `is "${name}"; of timm's towers this network has SigLIP's (vit_*_siglip_*)`);
  }
  section
    .fixed({ timm_pool: 'map', timm_proj: 'none' })
    .withoutEffect('layers', 'width', 'head_width', 'mlp_ratio', 'patch_size', 'ls_init_value')
    .withoutEffect('attentional_pool', 'attn_pooler_queries', 'attn_pooler_heads', 'no_ln_pre', 'pos_embed_type')
    .withoutEffect('final_ln_after_pool', 'pool_type', 'output_tokens', 'act_kwargs', 'norm_kwargs', 'block_type')
    .withoutEffect('timm_model_pretrained', 'timm_proj_bias', 'timm_drop', 'timm_drop_path');
  const size = Number(found.size);
  if (section.square('image_size', 224) !== size) {
    section.fail('image_size', `is not that of the tower ${name} (${size})`);
  }
  const patch_dropout = section.optionalNumber('patch_dropout') ?? 0;
  section.done();
  const { heads, ...sizes } = FAMILIES[found.family as keyof typeof FAMILIES];
  const activation: Activation = TANH.test(name) ? 'gelu_tanh' : 'gelu';
  return {
    ...sizes,
    timm_model_name: name,
    image_size: size,
    patch_size: Number(found.patch),
    head_width: sizes.width / heads,
    ls_init_value: null,
    activation,
    norm_eps: TIMM_NORM_EPS,
    attentional_pool: false,
    attn_pooler_queries: 1,
    attn_pooler_heads: heads,
    no_ln_pre: true,
    final_ln_after_pool: false,
    pool_type: 'map',
    pos_embed_type: 'learnable',
    patch_dropout,
  };
}
