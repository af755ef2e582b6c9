import { CocaError } from '../base/errors.js';
import { isObject } from '../base/json.js';
import type { SpecialIds } from '../decoding/types.js';
import { Section } from './config-section.js';
import { type ModelKind, multimodalConfig, preprocessConfig, textConfig, visionConfig } from './towers.js';
import type { CocaConfig, ModelConfig } from './types.js';

export { LAYER_NORM_EPS } from './towers.js';
export type * from './types.js';

/** Divisions that must come out even, checked before any shape is computed from them. */
function checkDivisions({ vision, text, multimodal, embed_dim }: ModelConfig, where: string): void {
  const refuse = (problem: string): never => {
    throw new CocaError('bad-config', `${where}: ${problem}`);
  };
  const even = (what: string, whole: number, by: string, part: number) => {
    if (whole % part !== 0) refuse(`${what} (${whole}) is no multiple of ${by} (${part})`);
  };
  even('vision_cfg.width', vision.width, 'vision_cfg.head_width', vision.head_width);
  even('text_cfg.width', text.width, 'text_cfg.heads', text.heads);
  if (multimodal) even('multimodal_cfg.width', multimodal.width, 'multimodal_cfg.heads', multimodal.heads);
  if (vision.pos_embed_type === 'sin_cos_2d') even('vision_cfg.width', vision.width, 'the parts of sin_cos_2d', 4);
  if (vision.attentional_pool) {
    even('embed_dim', embed_dim, 'vision_cfg.attn_pooler_heads', vision.attn_pooler_heads);
  }
  if (multimodal && vision.attentional_pool === true && vision.attn_pooler_queries < 2) {
    refuse(
      `vision_cfg.attn_pooler_queries is ${vision.attn_pooler_queries}; query 0 is the contrastive embedding, so captions need at least one more`,
    );
  }
  if (vision.patch_size > vision.image_size) refuse('vision_cfg.patch_size is larger than vision_cfg.image_size');
  if (typeof vision.attentional_pool === 'string' && embed_dim !== vision.width) {
    refuse(
      `attentional_pool "${vision.attentional_pool}" applies ln_post (embed_dim ${embed_dim}) to the encoder's output (vision_cfg.width ${vision.width}); they must be equal`,
    );
  }
  if (vision.timm_model_name !== null && vision.width !== embed_dim) {
    refuse(
      `the tower ${vision.timm_model_name} makes embeddings of width ${vision.width}, and embed_dim is ${embed_dim}`,
    );
  }
  if (multimodal && vision.timm_model_name !== null)
    refuse('a captioner with a vision tower of timm is not known here');
  if (text.proj_type === 'none' && text.width !== embed_dim) {
    refuse(`text_cfg.proj_type "none" makes text embeddings of width ${text.width}, and embed_dim is ${embed_dim}`);
  }
  if (multimodal === null) return;
  const imageTokenWidth = vision.attentional_pool ? embed_dim : vision.width;
  if (imageTokenWidth !== multimodal.width) {
    refuse(
      `the decoder (multimodal_cfg.width ${multimodal.width}) cannot attend image tokens of width ${imageTokenWidth}`,
    );
  }
  if (text.width !== multimodal.width) {
    refuse(
      `text_cfg.width (${text.width}) and multimodal_cfg.width (${multimodal.width}) differ; the two halves of one decoder share a width`,
    );
  }
}

/**
 * Checks and types a parsed `open_clip_config.json` (`{model_cfg, preprocess_cfg}`), or a bare model config as OpenCLIP's
 * `model_configs/*.json` has it. Every field of the model is read, known to have no effect on a trained network, or an error that
 * names it; of the others, those that OpenCLIP ignores are named in `ignored`.
 * @param where what to call the config in errors (its path or name)
 * @throws CocaError `bad-config` naming the first field that is missing, malformed, unknown or unsupported
 */
export function parseConfig(json: unknown, where: string): ModelConfig {
  if (!isObject(json)) {
    throw new CocaError('bad-config', `${where}: a model config must be a JSON object`);
  }
  const ignored: string[] = [];
  const top = new Section(json, '', where, ignored);
  const wrapped = top.has('model_cfg');
  const model = wrapped ? top.section('model_cfg', true) : top;
  const isCoca = model.has('multimodal_cfg');
  const kind: ModelKind = {
    isCoca,
    customText: model.boolean('custom_text', isCoca),
    quickGelu: model.boolean('quick_gelu', false),
  };
  const special_ids = top.has('special_ids') ? specialIds(top.section('special_ids', true)) : null;
  const config: ModelConfig = {
    embed_dim: model.integer('embed_dim', 512),
    custom_text: kind.customText,
    nonscalar_logit_scale: model.boolean('nonscalar_logit_scale', false),
    init_logit_bias: model.optionalNumber('init_logit_bias'),
    init_logit_scale: model.optionalNumber('init_logit_scale'),
    vision: visionConfig(model.section('vision_cfg', true), kind),
    text: textConfig(model.section('text_cfg', true), kind),
    multimodal: isCoca ? multimodalConfig(model.section('multimodal_cfg', true), kind) : null,
    preprocess: preprocessConfig(top.section('preprocess_cfg', false)),
    pad_id: isCoca ? model.integer('pad_id', special_ids?.pad ?? 0, { min: 0, max: 1 << 24 }) : null,
    special_ids,
    ignored,
  };
  model.withoutEffect('multimodal_cfg').fixed({ model_type: null, cast_dtype: null, output_dict: false });
  model.done();
  if (wrapped) top.ignoreRest();
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

/**
 * Says plainly that a dual encoder writes no captions.
 * @param what needs a model that does, for the error
 * @throws CocaError `usage`
 */
export function requireCaptioner(config: ModelConfig, what: string): asserts config is CocaConfig {
  if (config.multimodal !== null) return;
  throw new CocaError(
    'usage',
    `the model has no captioner, which ${what} needs: it is a dual encoder, such as CLIP`,
    'rank, classify, embed and eval --retrieval or --zero-shot work with it; for captions take a CoCa, for example coca_ViT-B-32',
  );
}

/** Ids that the model takes at once, start and end included. */
export function contextLength({ text, multimodal }: ModelConfig): number {
  return Math.min(text.context_length, multimodal?.context_length ?? text.context_length);
}

/** Patches along one side of the picture. */
export function gridSize(config: ModelConfig): number {
  return Math.floor(config.vision.image_size / config.vision.patch_size);
}

/** Whether the image encoder ends in a pooler that attends its outputs, of however many pictures they are. */
export function hasImagePooler({ vision }: ModelConfig): boolean {
  return vision.timm_model_name !== null || vision.attentional_pool !== false;
}

/** Encoder outputs of a picture: patches, and a class token before them where there is one. */
export function encoderOutputCount(config: ModelConfig): number {
  return gridSize(config) ** 2 + (config.vision.timm_model_name === null ? 1 : 0);
}

/** How many image tokens the decoder cross-attends, of one picture. */
export function imageTokenCount(config: ModelConfig): number {
  const { vision } = config;
  if (vision.attentional_pool === true) return vision.attn_pooler_queries - 1;
  if (vision.attentional_pool) return vision.attn_pooler_queries;
  return gridSize(config) ** 2;
}
