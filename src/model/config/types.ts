import type { SpecialIds } from '../decoding/types.js';
import type { Cleaning } from '../tokenizer/clean.js';

/**
 * The typed form of `open_clip_config.json`. Names are the file's own; what OpenCLIP derives from several fields has a name of its own
 * (`activation`, `norm_eps`).
 */

/** What an MLP has between its two layers: x Phi(x), its approximation by tanh, or x sigmoid(1.702 x). */
export type Activation = 'gelu' | 'gelu_tanh' | 'quick_gelu';

/** What the residual blocks of a tower share. */
export interface TowerConfig {
  readonly layers: number;
  readonly width: number;
  readonly mlp_ratio: number;
  readonly ls_init_value: number | null;
  readonly activation: Activation;
  /** Epsilon of every LayerNorm of the tower: `norm_kwargs.eps`. */
  readonly norm_eps: number;
}

export interface VisionConfig extends TowerConfig {
  /** timm's name of a tower that is one of its own; null for OpenCLIP's VisionTransformer. */
  readonly timm_model_name: string | null;
  readonly image_size: number;
  readonly patch_size: number;
  readonly head_width: number;
  /** `true` as released, "parallel" or "cascade" as in the paper, `false` for none. */
  readonly attentional_pool: boolean | 'parallel' | 'cascade';
  readonly attn_pooler_queries: number;
  readonly attn_pooler_heads: number;
  readonly no_ln_pre: boolean;
  readonly final_ln_after_pool: boolean;
  /** The class token, the mean of all others, or the attention of a latent query. */
  readonly pool_type: 'tok' | 'avg' | 'map';
  /** What a new model's table is made of; "sin_cos_2d" stays as it is in training. The table is in the checkpoint either way. */
  readonly pos_embed_type: 'learnable' | 'sin_cos_2d';
  /** The part of the patches that training leaves out. */
  readonly patch_dropout: number;
}

/** Which output of a text tower without a CLS is the text's: by its place, or by the id there. */
export type TextPooling = 'first' | 'last' | 'argmax' | 'eos';

export interface TextConfig extends TowerConfig {
  readonly context_length: number;
  readonly vocab_size: number;
  readonly heads: number;
  readonly pad_id: number;
  /** Whether a CLS is appended to a text and read out. */
  readonly embed_cls: boolean;
  /** What is read out where there is no CLS. */
  readonly pool_type: TextPooling;
  /** The id that `pool_type: "eos"` looks for. */
  readonly eos_id: number;
  /** Whether every token sees all others, padding included. */
  readonly no_causal_mask: boolean;
  readonly proj_type: 'linear' | 'none';
  readonly proj_bias: boolean;
  /** Whether the padding mask is built as [tokens, CLS] (true) or, as released weights need, as [CLS, tokens]. */
  readonly correct_cls_mask: boolean;
  /** A tokenizer from elsewhere that the checkpoint was trained with; its tokenizer.json must lie beside it. */
  readonly hf_tokenizer_name: string | null;
  /** How such a tokenizer is used. */
  readonly tokenizer_kwargs: { readonly clean: Cleaning; readonly strip_sep_token: boolean };
}

export interface MultimodalConfig extends TowerConfig {
  readonly context_length: number;
  readonly heads: number;
}

export interface PreprocessConfig {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly interpolation: 'bicubic' | 'bilinear';
  readonly resize_mode: 'shortest' | 'longest' | 'squash';
  readonly fill_color: number;
}

/** A dual encoder: an image tower and a text tower that meet in one space. With a multimodal half it is a CoCa. */
export interface ModelConfig {
  readonly embed_dim: number;
  /** Whether the text tower is a module of its own, so that a checkpoint's names of it begin with `text.`. */
  readonly custom_text: boolean;
  /** logit_scale and logit_bias are stored with shape [1] instead of []. */
  readonly nonscalar_logit_scale: boolean;
  /** Present when the model has a logit_bias. */
  readonly init_logit_bias: number | null;
  readonly init_logit_scale: number | null;
  readonly vision: VisionConfig;
  readonly text: TextConfig;
  /** The half of the decoder that attends to the picture; null in a model that writes no captions. */
  readonly multimodal: MultimodalConfig | null;
  readonly preprocess: PreprocessConfig;
  /** The padding id that captions are searched with (`pad_id` of OpenCLIP's CoCa; texts have `text.pad_id`); null where there are none. */
  readonly pad_id: number | null;
  /** Ids of a model without a tokenizer of its own (test models). */
  readonly special_ids: SpecialIds | null;
  /** Fields of the file that change nothing here, as in OpenCLIP: `vision_cfg.output_tokens`. */
  readonly ignored: readonly string[];
}

/** A contrastive captioner. */
export interface CocaConfig extends ModelConfig {
  readonly multimodal: MultimodalConfig;
  readonly pad_id: number;
}
