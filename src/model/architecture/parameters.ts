import { gridSize, type ModelConfig, type TowerConfig } from '../config/config.js';

/** The image encoder's table of positions. */
export const POSITIONS = 'visual.positional_embedding';

/** Whether a tensor is no parameter but a constant of the architecture, which training leaves alone. */
export function isConstant(name: string, { vision }: ModelConfig): boolean {
  return name === POSITIONS && vision.pos_embed_type === 'sin_cos_2d';
}

/** Name -> shape of every tensor that a checkpoint of this config holds, in PyTorch's layout and order. */
export function parameterShapes(config: ModelConfig): ReadonlyMap<string, readonly number[]> {
  const { vision, text, multimodal, embed_dim } = config;
  const shapes = new Map<string, readonly number[]>();
  const add = (name: string, ...shape: number[]) => shapes.set(name, shape);

  const norm = (prefix: string, width: number) => {
    add(`${prefix}.weight`, width);
    add(`${prefix}.bias`, width);
  };
  const linear = (prefix: string, input: number, output: number) => {
    add(`${prefix}.weight`, output, input);
    add(`${prefix}.bias`, output);
  };
  const attention = (prefix: string, width: number, contextWidth = width) => {
    if (contextWidth === width) {
      add(`${prefix}.in_proj_weight`, 3 * width, width);
    } else {
      add(`${prefix}.q_proj_weight`, width, width);
      add(`${prefix}.k_proj_weight`, width, contextWidth);
      add(`${prefix}.v_proj_weight`, width, contextWidth);
    }
    add(`${prefix}.in_proj_bias`, 3 * width);
    linear(`${prefix}.out_proj`, width, width);
  };
  const mlp = (prefix: string, { width, mlp_ratio }: TowerConfig) => {
    const hidden = Math.trunc(width * mlp_ratio);
    norm(`${prefix}.ln_2`, width);
    linear(`${prefix}.mlp.c_fc`, width, hidden);
    linear(`${prefix}.mlp.c_proj`, hidden, width);
  };
  const block = (prefix: string, tower: TowerConfig, cross = false) => {
    const { width, ls_init_value } = tower;
    const layerScale = ls_init_value !== null;
    norm(`${prefix}.ln_1`, width);
    attention(`${prefix}.attn`, width);
    if (layerScale) add(`${prefix}.ls_1.gamma`, width);
    if (cross) norm(`${prefix}.ln_1_kv`, width);
    mlp(prefix, tower);
    if (layerScale) add(`${prefix}.ls_2.gamma`, width);
  };
  const pooler = (prefix: string, queries: number) => {
    add(`${prefix}.query`, queries, embed_dim);
    attention(`${prefix}.attn`, embed_dim, vision.width);
    norm(`${prefix}.ln_q`, embed_dim);
    norm(`${prefix}.ln_k`, vision.width);
  };

  const scalar = config.nonscalar_logit_scale ? [1] : [];
  add('logit_scale', ...scalar);
  if (config.init_logit_bias !== null) add('logit_bias', ...scalar);

  add('text.positional_embedding', text.context_length + (text.embed_cls ? 1 : 0), text.width);
  if (text.proj_type === 'linear') {
    if (text.proj_bias) linear('text.text_projection', text.width, embed_dim);
    else add('text.text_projection', text.width, embed_dim);
  }
  if (text.embed_cls) add('text.cls_emb', text.width);
  add('text.token_embedding.weight', text.vocab_size, text.width);
  for (let i = 0; i < text.layers; i++) block(`text.transformer.resblocks.${i}`, text);
  norm('text.ln_final', text.width);

  if (vision.timm_model_name === null) openClipVision();
  else latentVision();

  if (multimodal === null) return shapes;
  add('text_decoder.text_projection', multimodal.width, text.vocab_size);
  for (let i = 0; i < multimodal.layers; i++) block(`text_decoder.resblocks.${i}`, multimodal);
  for (let i = 0; i < multimodal.layers; i++) block(`text_decoder.cross_attn.${i}`, multimodal, true);
  norm('text_decoder.ln_final', multimodal.width);
  return shapes;

  function openClipVision(): void {
    add('visual.class_embedding', vision.width);
    add(POSITIONS, gridSize(config) ** 2 + 1, vision.width);
    const pooledWidth = vision.attentional_pool ? embed_dim : vision.width;
    add('visual.proj', pooledWidth, embed_dim);
    add('visual.conv1.weight', vision.width, 3, vision.patch_size, vision.patch_size);
    if (!vision.no_ln_pre) norm('visual.ln_pre', vision.width);
    for (let i = 0; i < vision.layers; i++) block(`visual.transformer.resblocks.${i}`, vision);
    if (vision.attentional_pool) pooler('visual.attn_pool', vision.attn_pooler_queries);
    if (vision.attentional_pool === 'parallel' || vision.attentional_pool === 'cascade') {
      pooler('visual.attn_pool_contrastive', 1);
    }
    norm('visual.ln_post', pooledWidth);
  }

  function latentVision(): void {
    const { width } = vision;
    add(POSITIONS, gridSize(config) ** 2, width);
    add('visual.conv1.weight', width, 3, vision.patch_size, vision.patch_size);
    add('visual.conv1.bias', width);
    for (let i = 0; i < vision.layers; i++) block(`visual.transformer.resblocks.${i}`, vision);
    norm('visual.ln_post', width);
    const pool = 'visual.attn_pool';
    add(`${pool}.latent`, 1, width);
    linear(`${pool}.q`, width, width);
    linear(`${pool}.kv`, width, 2 * width);
    linear(`${pool}.out_proj`, width, width);
    mlp(pool, vision);
  }
}
