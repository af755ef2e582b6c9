import { CocaError } from '../base/errors.js';
import { isObject } from '../base/json.js';
import type { SpecialIds } from '../decoding/types.js';
import { MAX_LAYERS, Section } from './config-section.js';

/**
 * The typed form of `open_clip_config.json`. Names are the file's own. Every field of the file is either read here,
 * known to have no effect on a trained network, or an error that names it: nothing is ignored silently.
 */
export interface VisionConfig {
  readonly image_size: number;
  readonly patch_size: number;
  readonly layers: number;
  readonly width: number;
  readonly head_width: number;
  readonly mlp_ratio: number;
  readonly ls_init_value: number | null;
  /** `true` as released, "parallel" or "cascade" as in the paper, `false` for none. */
  readonly attentional_pool: boolean | 'parallel' | 'cascade';
  readonly attn_pooler_queries: number;
  readonly attn_pooler_heads: number;
  readonly no_ln_pre: boolean;
  readonly final_ln_after_pool: boolean;
  readonly pool_type: 'tok' | 'avg';
  /** What a new model's table is made of; "sin_cos_2d" stays as it is in training. The table is in the checkpoint either way. */
  readonly pos_embed_type: 'learnable' | 'sin_cos_2d';
  /** The part of the patches that training leaves out. */
  readonly patch_dropout: number;
}

export interface TextConfig {
  readonly context_length: number;
  readonly vocab_size: number;
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  readonly mlp_ratio: number;
  readonly ls_init_value: number | null;
  readonly pad_id: number;
  /** Whether the padding mask is built as [tokens, CLS] (true) or, as released weights need, as [CLS, tokens]. */
  readonly correct_cls_mask: boolean;
  /** A tokenizer from elsewhere that the checkpoint was trained with; its tokenizer.json must lie beside it. */
  readonly hf_tokenizer_name: string | null;
}

export interface MultimodalConfig {
  readonly context_length: number;
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  readonly ls_init_value: number | null;
}

export interface PreprocessConfig {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly interpolation: 'bicubic' | 'bilinear';
  readonly resize_mode: 'shortest' | 'longest' | 'squash';
  readonly fill_color: number;
}

export interface CocaConfig {
  readonly embed_dim: number;
  readonly quick_gelu: boolean;
  /** logit_scale and logit_bias are stored with shape [1] instead of []. */
  readonly nonscalar_logit_scale: boolean;
  /** Present when the model has a logit_bias. */
  readonly init_logit_bias: number | null;
  readonly init_logit_scale: number | null;
  readonly vision: VisionConfig;
  readonly text: TextConfig;
  readonly multimodal: MultimodalConfig;
  readonly preprocess: PreprocessConfig;
  /** The padding id that captions are searched with (`pad_id` of OpenCLIP's CoCa; texts have `text.pad_id`). */
  readonly pad_id: number;
  /** Ids of a model without a tokenizer of its own (test models). */
  readonly special_ids: SpecialIds | null;
}

/** Epsilon of every LayerNorm (PyTorch's default, which OpenCLIP uses throughout). */
export const LAYER_NORM_EPS = 1e-5;

/** OpenCLIP builds the multimodal half with this ratio whatever `multimodal_cfg.mlp_ratio` says. */
export const MULTIMODAL_MLP_RATIO = 4;

/** Options of OpenCLIP's custom attention blocks, none of which a released CoCa uses. */
const PLAIN_BLOCKS = {
  block_type: 'default',
  qk_norm: false,
  scaled_cosine_attn: false,
  scale_heads: false,
  scale_attn_inner: false,
  scale_attn: false,
  scale_fc: false,
  act_kwargs: null,
  norm_kwargs: null,
};

function visionConfig(section: Section): VisionConfig {
  section
    .fixed({ ...PLAIN_BLOCKS, timm_model_name: null, image_seq_len: null })
    .withoutEffect('output_tokens', 'timm_model_pretrained', 'timm_pool', 'timm_proj')
    .withoutEffect('timm_proj_bias', 'timm_drop', 'timm_drop_path', 'timm_model_kwargs');
  const width = section.integer('width', 768);
  const config: VisionConfig = {
    image_size: section.square('image_size', 224),
    patch_size: section.square('patch_size', 16),
    layers: section.integer('layers', 12, { max: MAX_LAYERS }),
    width,
    head_width: section.integer('head_width', 64),
    mlp_ratio: section.mlpRatio(width),
    ls_init_value: section.optionalNumber('ls_init_value'),
    attentional_pool: section.choice('attentional_pool', [true, false, 'parallel', 'cascade'], false),
    attn_pooler_queries: section.integer('attn_pooler_queries', 256),
    attn_pooler_heads: section.integer('attn_pooler_heads', 8),
    no_ln_pre: section.boolean('no_ln_pre', false),
    final_ln_after_pool: section.boolean('final_ln_after_pool', false),
    pool_type: section.choice('pool_type', ['tok', 'avg'], 'tok'),
    pos_embed_type: section.choice('pos_embed_type', ['learnable', 'sin_cos_2d'], 'learnable'),
    patch_dropout: section.optionalNumber('patch_dropout') ?? 0,
  };
  section.done();
  return config;
}

function textConfig(section: Section): TextConfig {
  section
    .fixed({ ...PLAIN_BLOCKS, hf_model_name: null, text_arch: 'clip', no_causal_mask: false, embed_cls: true })
    .fixed({
      proj_bias: false,
      proj_type: 'linear',
      use_pad_mask: false,
      norm_type: 'layernorm',
      tokenizer_kwargs: null,
    })
    .fixed({ tokenizer_mode: null, variable_text: false })
    // With an appended CLS the text is pooled there, whatever these say.
    .withoutEffect('output_tokens', 'pool_type', 'eos_id', 'bos_id', 'final_ln_after_pool')
    .withoutEffect('hf_model_pretrained', 'hf_proj_type', 'hf_pooler_type', 'tokenizer_type', 'tiktoken_name');
  const width = section.integer('width', 512);
  const config: TextConfig = {
    context_length: section.integer('context_length', 77, { min: 2 }),
    vocab_size: section.integer('vocab_size', 49408, { max: 1 << 24 }),
    width,
    heads: section.integer('heads', 8),
    layers: section.integer('layers', 12, { max: MAX_LAYERS }),
    mlp_ratio: section.mlpRatio(width),
    ls_init_value: section.optionalNumber('ls_init_value'),
    pad_id: section.integer('pad_id', 0, { min: 0, max: 1 << 24 }),
    correct_cls_mask: section.boolean('correct_cls_mask', false),
    hf_tokenizer_name: section.string('hf_tokenizer_name'),
  };
  section.done();
  return config;
}

function multimodalConfig(section: Section): MultimodalConfig {
  // OpenCLIP reads none of these when it builds the multimodal half (its mlp ratio is always 4, its vocabulary the
  // text half's, its cross-attention has `heads` heads), so they say nothing about the weights.
  section.withoutEffect('mlp_ratio', 'dim_head', 'n_queries', 'attn_pooler_heads', 'vocab_size');
  section.withoutEffect('embed_cls', 'output_tokens', 'pool_type', 'pad_id');
  section.fixed(PLAIN_BLOCKS);
  const config: MultimodalConfig = {
    context_length: section.integer('context_length', 77, { min: 2 }),
    width: section.integer('width', 512),
    heads: section.integer('heads', 8),
    layers: section.integer('layers', 12, { max: MAX_LAYERS }),
    ls_init_value: section.optionalNumber('ls_init_value'),
  };
  section.done();
  return config;
}

/** OpenAI's normalisation, which every released CoCa uses. */
const OPENAI_MEAN = [0.48145466, 0.4578275, 0.40821073];
const OPENAI_STD = [0.26862954, 0.26130258, 0.27577711];

function preprocessConfig(section: Section, imageSize: number): PreprocessConfig {
  section.fixed({ mode: 'RGB' });
  if (section.square('size', imageSize) !== imageSize) {
    section.fail('size', `differs from vision_cfg.image_size (${imageSize})`);
  }
  const config: PreprocessConfig = {
    mean: section.numbers('mean', 3, OPENAI_MEAN),
    std: section.numbers('std', 3, OPENAI_STD),
    interpolation: section.choice('interpolation', ['bicubic', 'bilinear'], 'bicubic'),
    resize_mode: section.choice('resize_mode', ['shortest', 'longest', 'squash'], 'shortest'),
    fill_color: section.integer('fill_color', 0, { min: 0, max: 255 }),
  };
  section.done();
  if (config.std.some((value) => value <= 0)) section.fail('std', 'must be positive');
  return config;
}

/** Divisions that must come out even, checked before any shape is computed from them. */
function checkDivisions(config: CocaConfig, where: string): void {
  const { vision, text, multimodal, embed_dim } = config;
  const even = (what: string, whole: number, by: string, part: number) => {
    if (whole % part !== 0) {
      throw new CocaError('bad-config', `${where}: ${what} (${whole}) is no multiple of ${by} (${part})`);
    }
  };
  even('vision_cfg.width', vision.width, 'vision_cfg.head_width', vision.head_width);
  even('text_cfg.width', text.width, 'text_cfg.heads', text.heads);
  even('multimodal_cfg.width', multimodal.width, 'multimodal_cfg.heads', multimodal.heads);
  if (vision.pos_embed_type === 'sin_cos_2d') even('vision_cfg.width', vision.width, 'the parts of sin_cos_2d', 4);
  if (vision.attentional_pool) {
    even('embed_dim', embed_dim, 'vision_cfg.attn_pooler_heads', vision.attn_pooler_heads);
  }
  if (vision.attentional_pool === true && vision.attn_pooler_queries < 2) {
    throw new CocaError(
      'bad-config',
      `${where}: vision_cfg.attn_pooler_queries is ${vision.attn_pooler_queries}; query 0 is the contrastive embedding, so captions need at least one more`,
    );
  }
  if (vision.patch_size > vision.image_size) {
    throw new CocaError('bad-config', `${where}: vision_cfg.patch_size is larger than vision_cfg.image_size`);
  }
  if (typeof vision.attentional_pool === 'string' && embed_dim !== vision.width) {
    throw new CocaError(
      'bad-config',
      `${where}: attentional_pool "${vision.attentional_pool}" applies ln_post (embed_dim ${embed_dim}) to the encoder's output (vision_cfg.width ${vision.width}); they must be equal`,
    );
  }
  const imageTokenWidth = vision.attentional_pool ? embed_dim : vision.width;
  if (imageTokenWidth !== multimodal.width) {
    throw new CocaError(
      'bad-config',
      `${where}: the decoder (multimodal_cfg.width ${multimodal.width}) cannot attend image tokens of width ${imageTokenWidth}`,
    );
  }
  if (text.width !== multimodal.width) {
    throw new CocaError(
      'bad-config',
      `${where}: text_cfg.width (${text.width}) and multimodal_cfg.width (${multimodal.width}) differ; the two halves of one decoder share a width`,
    );
  }
}

/**
 * Checks and types a parsed `open_clip_config.json` (`{model_cfg, preprocess_cfg}`), or a bare model config as OpenCLIP's
 * `model_configs/*.json` has it.
 * @param where what to call the config in errors (its path or name)
 * @throws CocaError `bad-config` naming the first field that is missing, malformed, unknown or unsupported
 */
export function parseConfig(json: unknown, where: string): CocaConfig {
  if (!isObject(json)) {
    throw new CocaError('bad-config', `${where}: a model config must be a JSON object`);
  }
  const top = new Section(json, '', where);
  const wrapped = top.has('model_cfg');
  const model = wrapped ? top.section('model_cfg', true) : top;
  if (!model.has('multimodal_cfg')) {
    throw new CocaError(
      'bad-config',
      `${where}: has no multimodal_cfg, so it describes no CoCa (perhaps a CLIP model)`,
      'Use a CoCa checkpoint, for example coca_ViT-B-32.',
    );
  }
  const vision = visionConfig(model.section('vision_cfg', true));
  const special_ids = top.has('special_ids') ? specialIds(top.section('special_ids', true)) : null;
  const config: CocaConfig = {
    embed_dim: model.integer('embed_dim', 512),
    quick_gelu: model.boolean('quick_gelu', false),
    nonscalar_logit_scale: model.boolean('nonscalar_logit_scale', false),
    init_logit_bias: model.optionalNumber('init_logit_bias'),
    init_logit_scale: model.optionalNumber('init_logit_scale'),
    vision,
    text: textConfig(model.section('text_cfg', true)),
    multimodal: multimodalConfig(model.section('multimodal_cfg', true)),
    preprocess: preprocessConfig(top.section('preprocess_cfg', false), vision.image_size),
    pad_id: model.integer('pad_id', special_ids?.pad ?? 0, { min: 0, max: 1 << 24 }),
    special_ids,
  };
  model.withoutEffect('custom_text', 'multimodal_cfg').fixed({ model_type: null, cast_dtype: null });
  model.done();
  if (wrapped) top.done();
  checkDivisions(config, where);
  return config;
}

function specialIds(section: Section): SpecialIds {
  const id = { min: 0, max: 1 << 24 };
  const ids = {
    sot: section.integer('sot', 0, id),
    eot: section.integer('eot', 0, id),
    pad: section.integer('pad', 0, id),
  };
  section.done();
  return ids;
}

/** Ids that the model takes at once, start and end included. */
export function contextLength({ text, multimodal }: CocaConfig): number {
  return Math.min(text.context_length, multimodal.context_length);
}

/** Patches along one side of the picture. */
export function gridSize(config: CocaConfig): number {
  return Math.floor(config.vision.image_size / config.vision.patch_size);
}

/** How many image tokens the decoder cross-attends. */
export function imageTokenCount(config: CocaConfig): number {
  const { vision } = config;
  if (vision.attentional_pool === true) return vision.attn_pooler_queries - 1;
  if (vision.attentional_pool) return vision.attn_pooler_queries;
  return gridSize(config) ** 2;
}
