import { MAX_LAYERS, type Section } from './config-section.js';
import { timmVisionConfig } from './timm.js';
import type { Activation, MultimodalConfig, PreprocessConfig, TextConfig, VisionConfig } from './types.js';

/** What a config describes, which decides what some of its fields mean. */
export interface ModelKind {
  /** Whether it has a multimodal half. */
  readonly isCoca: boolean;
  /** Whether its text tower is a module of its own (`custom_text`), which can append a CLS. */
  readonly customText: boolean;
  readonly quickGelu: boolean;
}

/** Epsilon of a LayerNorm that `norm_kwargs` says nothing of: PyTorch's. */
export const LAYER_NORM_EPS = 1e-5;

/** Options of OpenCLIP's custom attention blocks, none of which a released model of these kinds uses. */
const PLAIN_BLOCKS = {
  block_type: 'default',
  qk_norm: false,
  scaled_cosine_attn: false,
  scale_heads: false,
  scale_attn_inner: false,
  scale_attn: false,
  scale_fc: false,
};

/** `act_kwargs`: what PyTorch's GELU takes. */
function activationOf(section: Section, quickGelu: boolean): Activation {
  if (!section.has('act_kwargs')) {
    section.withoutEffect('act_kwargs');
    return quickGelu ? 'quick_gelu' : 'gelu';
  }
  if (quickGelu) section.fail('act_kwargs', 'is for GELU, and quick_gelu is true');
  const options = section.section('act_kwargs', true);
  const approximate = options.choice('approximate', ['none', 'tanh'], 'none');
  options.done();
  return approximate === 'tanh' ? 'gelu_tanh' : 'gelu';
}

/** `norm_kwargs`: what PyTorch's LayerNorm takes. */
function epsilonOf(section: Section): number {
  const options = section.section('norm_kwargs', false);
  const epsilon = options.number('eps', LAYER_NORM_EPS, { min: 0, max: 1 });
  options.fixed({ elementwise_affine: true, bias: true }).done();
  return epsilon;
}

export function visionConfig(section: Section, { quickGelu }: ModelKind): VisionConfig {
  const timm = section.string('timm_model_name');
  if (timm !== null) return timmVisionConfig(section, timm);
  section
    .fixed({ ...PLAIN_BLOCKS, image_seq_len: null })
    .withoutEffect('output_tokens', 'timm_model_pretrained', 'timm_pool', 'timm_proj')
    .withoutEffect('timm_proj_bias', 'timm_drop', 'timm_drop_path', 'timm_model_kwargs');
  if (section.isList('layers'))
    section.fail('layers', 'is a list, as a ResNet has it; this network has vision transformers');
  const width = section.integer('width', 768);
  const config: VisionConfig = {
    timm_model_name: null,
    image_size: section.square('image_size', 224),
    patch_size: section.square('patch_size', 16),
    layers: section.integer('layers', 12, { max: MAX_LAYERS }),
    width,
    head_width: section.integer('head_width', 64),
    mlp_ratio: section.mlpRatio(width),
    ls_init_value: section.optionalNumber('ls_init_value'),
    activation: activationOf(section, quickGelu),
    norm_eps: epsilonOf(section),
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

export function textConfig(section: Section, { isCoca, customText, quickGelu }: ModelKind): TextConfig {
  const huggingFace = section.string('hf_model_name');
  if (huggingFace !== null) {
    section.fail(
      'hf_model_name',
      `is "${huggingFace}", a text tower of transformers, which this network does not have`,
    );
  }
  section
    .fixed({ ...PLAIN_BLOCKS, text_arch: 'clip', use_pad_mask: false, norm_type: 'layernorm' })
    .fixed({ tokenizer_mode: null, variable_text: false })
    .withoutEffect('output_tokens', 'final_ln_after_pool', 'bos_id')
    .withoutEffect('hf_model_pretrained', 'hf_proj_type', 'hf_pooler_type', 'tokenizer_type', 'tiktoken_name');
  // A CoCa's text is the first half of a decoder, pooled by its CLS.
  if (isCoca) section.fixed({ embed_cls: true, no_causal_mask: false, proj_bias: false, proj_type: 'linear' });
  else if (!customText) section.fixed({ embed_cls: false });
  const width = section.integer('width', 512);
  const tokenizer = section.string('hf_tokenizer_name');
  const embedCls = isCoca || section.boolean('embed_cls', false);
  // With a CLS the text is pooled there, whatever these say.
  if (embedCls) section.fixed({ no_causal_mask: false }).withoutEffect('pool_type', 'eos_id');
  const config: TextConfig = {
    context_length: section.integer('context_length', 77, { min: 2 }),
    vocab_size: section.integer('vocab_size', 49408, { max: 1 << 24 }),
    width,
    heads: section.integer('heads', 8),
    layers: section.integer('layers', 12, { max: MAX_LAYERS }),
    mlp_ratio: section.mlpRatio(width),
    ls_init_value: section.optionalNumber('ls_init_value'),
    activation: activationOf(section, quickGelu),
    norm_eps: epsilonOf(section),
    pad_id: section.integer('pad_id', 0, { min: 0, max: 1 << 24 }),
    embed_cls: embedCls,
    pool_type: embedCls ? 'last' : section.choice('pool_type', ['argmax', 'first', 'last', 'eos'], 'argmax'),
    eos_id: embedCls ? 0 : section.integer('eos_id', 2, { min: 0, max: 1 << 24 }),
    no_causal_mask: section.boolean('no_causal_mask', false),
    proj_type: section.choice('proj_type', ['linear', 'none'], 'linear'),
    proj_bias: section.boolean('proj_bias', false),
    correct_cls_mask: section.boolean('correct_cls_mask', false),
    hf_tokenizer_name: tokenizer,
    tokenizer_kwargs: tokenizerOptions(section, !isCoca && tokenizer !== null),
  };
  section.done();
  return config;
}

/** @param isFree whether texts go through a tokenizer of Hugging Face's, framed by itself */
function tokenizerOptions(section: Section, isFree: boolean): TextConfig['tokenizer_kwargs'] {
  const options = section.section('tokenizer_kwargs', false);
  if (!isFree) options.fixed({ clean: 'lower', strip_sep_token: false });
  const found = {
    clean: options.choice('clean', ['whitespace', 'lower', 'canonicalize'], 'whitespace'),
    strip_sep_token: options.boolean('strip_sep_token', false),
  } as const;
  options.done();
  return found;
}

export function multimodalConfig(section: Section, { quickGelu }: ModelKind): MultimodalConfig {
  // OpenCLIP reads none of these when it builds the multimodal half (its mlp ratio is always 4, its vocabulary the
  // text half's, its cross-attention has `heads` heads), so they say nothing about the weights.
  section.withoutEffect('mlp_ratio', 'dim_head', 'n_queries', 'attn_pooler_heads', 'vocab_size');
  section.withoutEffect('embed_cls', 'output_tokens', 'pool_type', 'pad_id');
  section.fixed({ ...PLAIN_BLOCKS, act_kwargs: null, norm_kwargs: null });
  const config: MultimodalConfig = {
    context_length: section.integer('context_length', 77, { min: 2 }),
    width: section.integer('width', 512),
    heads: section.integer('heads', 8),
    layers: section.integer('layers', 12, { max: MAX_LAYERS }),
    mlp_ratio: MULTIMODAL_MLP_RATIO,
    ls_init_value: section.optionalNumber('ls_init_value'),
    activation: quickGelu ? 'quick_gelu' : 'gelu',
    norm_eps: LAYER_NORM_EPS,
  };
  section.done();
  return config;
}

/** OpenCLIP builds the multimodal half with this ratio whatever `multimodal_cfg.mlp_ratio` says. */
const MULTIMODAL_MLP_RATIO = 4;

/** OpenAI's normalisation, which every model has that says nothing else. */
const OPENAI_MEAN = [0.48145466, 0.4578275, 0.40821073];
const OPENAI_STD = [0.26862954, 0.26130258, 0.27577711];

/** OpenCLIP takes the size of pictures from the vision tower, and of all other fields those that it knows. */
export function preprocessConfig(section: Section): PreprocessConfig {
  section.fixed({ mode: 'RGB' }).withoutEffect('size');
  const config: PreprocessConfig = {
    mean: section.numbers('mean', 3, OPENAI_MEAN),
    std: section.numbers('std', 3, OPENAI_STD),
    interpolation: section.choice('interpolation', ['bicubic', 'bilinear'], 'bicubic'),
    resize_mode: section.choice('resize_mode', ['shortest', 'longest', 'squash'], 'shortest'),
    fill_color: section.integer('fill_color', 0, { min: 0, max: 255 }),
  };
  section.ignoreRest();
  if (config.std.some((value) => value <= 0)) section.fail('std', 'must be positive');
  return config;
}
