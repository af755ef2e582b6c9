import type { CocaConfig } from '../config/config.js';
import {
  type BlockStyle,
  crossAttentionBlock,
  crossKeysValues,
  type KeysValues,
  layerNorm,
  selfAttentionBlock,
} from './blocks.js';
import type { AttentionWatcher, BlockOps, Ops } from './ops.js';

function styleOf(config: CocaConfig, half: 'text' | 'multimodal'): BlockStyle {
  const { heads, width, ls_init_value } = config[half];
  return { heads, width, quickGelu: config.quick_gelu, layerScale: ls_init_value !== null };
}

/** Rows of text on their way through both halves of the decoder. */
export interface TextRows<T> {
  /** [B, N], token ids. */
  readonly ids: T;
  /** [B, N], the position of each in its text. */
  readonly positions: T;
}

/** Token plus positional embeddings: [B, N, W]. */
function embedRows<T>(ops: Ops<T>, { ids, positions }: TextRows<T>): T {
  const tokens = ops.embed(ids, ops.parameter('text.token_embedding.weight'));
  return ops.add(tokens, ops.embed(positions, ops.parameter('text.positional_embedding')));
}

export interface TextOutput<T> {
  /** [B, E], before L2 normalisation. */
  readonly latent: T;
  /** [B, E], of unit length: the contrastive embedding. */
  readonly features: T;
  /** [B, N, W]: outputs of the tokens, without the CLS. */
  readonly tokens: T;
}

/**
 * The unimodal half as a text encoder: a CLS row is appended after the N tokens and read out.
 * @param clsPosition [B, 1]: the CLS takes the position after the context, however few tokens are given
 * @param mask [B, 1, N + 1, N + 1], additive: causal, and padding as the config's convention has it
 */
export function textTower<T>(
  ops: Ops<T>,
  config: CocaConfig,
  rows: TextRows<T> & { readonly clsPosition: T; readonly mask: T },
  watch?: AttentionWatcher<T>,
): TextOutput<T> {
  const tokens = embedRows(ops, rows);
  const cls = ops.add(
    ops.repeat(ops.parameter('text.cls_emb'), tokens),
    ops.embed(rows.clsPosition, ops.parameter('text.positional_embedding')),
  );
  const { x } = unimodalLayers(ops, config, ops.concat(tokens, cls), { mask: rows.mask }, watch);
  const latent = ops.project(layerNorm(ops, 'text.ln_final', ops.take(x, -1)), ops.parameter('text.text_projection'));
  return { latent, features: ops.l2Normalize(latent), tokens: ops.slice(x, 0, -1) };
}

function unimodalLayers<T>(
  ops: Ops<T>,
  config: CocaConfig,
  input: T,
  context: { readonly mask: T; readonly cache?: readonly KeysValues<T>[] },
  watch?: AttentionWatcher<T>,
): { readonly x: T; readonly own: readonly KeysValues<T>[] } {
  const style = styleOf(config, 'text');
  const own: KeysValues<T>[] = [];
  let x = input;
  for (let layer = 0; layer < config.text.layers; layer++) {
    const cache = context.cache?.[layer];
    const block = selfAttentionBlock(
      ops,
      `text.transformer.resblocks.${layer}`,
      x,
      style,
      { mask: context.mask, ...(cache && { cache }) },
      { name: 'text', layer, watch },
    );
    x = block.x;
    own.push(block.own);
  }
  return { x, own };
}

/**
 * Keys and values of image tokens [B, S, W] for every cross-attention layer, [B, H, S, D] each: computed once an image,
 * shared by all tokens and beams.
 */
export function imageMemory<T>(ops: Ops<T>, config: CocaConfig, imageTokens: T): readonly KeysValues<T>[] {
  const { layers, heads } = config.multimodal;
  return Array.from({ length: layers }, (_, layer) =>
    crossKeysValues(ops, `text_decoder.cross_attn.${layer}`, imageTokens, heads),
  );
}

export interface DecoderInput<T> extends TextRows<T> {
  /** [B, 1, N, C + N], additive: which keys a row of the unimodal half may see. */
  readonly unimodalMask: T;
  /** [B, 1, N, C + N], additive: the same for the multimodal half, which knows no padding. */
  readonly multimodalMask: T;
  /** Keys and values of earlier rows, [B, H, C, D], for each self-attention layer: unimodal layers, then multimodal. */
  readonly cache: readonly KeysValues<T>[];
  /** What `imageMemory` made. */
  readonly image: readonly KeysValues<T>[];
}

export interface DecoderOutput<T> {
  /** [B, N, V]: scores of the token after each row. */
  readonly logits: T;
  /** Keys and values of these rows, [B, N, W], in the order of `cache`. */
  readonly own: readonly KeysValues<T>[];
}

/** Both halves of the decoder on N rows of text that follow what the cache holds. */
export function textDecoder<T>(
  ops: Ops<T>,
  config: CocaConfig,
  input: DecoderInput<T>,
  watch?: AttentionWatcher<T>,
): DecoderOutput<T> {
  const { layers } = config.text;
  const unimodal = unimodalHalf(
    ops,
    config,
    input,
    { mask: input.unimodalMask, cache: input.cache.slice(0, layers) },
    watch,
  );
  const context = { mask: input.multimodalMask, cache: input.cache.slice(layers), image: input.image };
  const multimodal = multimodalLayers(ops, config, unimodal.x, context, watch);
  return { logits: captionLogits(ops, multimodal.x), own: [...unimodal.own, ...multimodal.own] };
}

/**
 * The unimodal half on rows of text: [B, N, W], and their keys and values.
 * @param context which keys a row may see, and earlier rows' keys and values if any
 */
export function unimodalHalf<T>(
  ops: Ops<T>,
  config: CocaConfig,
  rows: TextRows<T>,
  context: { readonly mask: T; readonly cache?: readonly KeysValues<T>[] },
  watch?: AttentionWatcher<T>,
): { readonly x: T; readonly own: readonly KeysValues<T>[] } {
  return unimodalLayers(ops, config, embedRows(ops, rows), context, watch);
}

/**
 * The multimodal half on the unimodal half's outputs x [B, N, W] -> [B, N, W].
 * @param context the mask of its self-attention, earlier rows' keys and values if any, and what `imageMemory` made
 */
export function multimodalLayers<T>(
  ops: BlockOps<T>,
  config: CocaConfig,
  input: T,
  context: { readonly mask: T; readonly cache?: readonly KeysValues<T>[]; readonly image: readonly KeysValues<T>[] },
  watch?: AttentionWatcher<T>,
): { readonly x: T; readonly own: readonly KeysValues<T>[] } {
  const style = styleOf(config, 'multimodal');
  const own: KeysValues<T>[] = [];
  let x = input;
  for (let layer = 0; layer < config.multimodal.layers; layer++) {
    const cache = context.cache?.[layer];
    const self = selfAttentionBlock(
      ops,
      `text_decoder.resblocks.${layer}`,
      x,
      style,
      { mask: context.mask, ...(cache && { cache }) },
      { name: 'decoder_self', layer, watch },
    );
    own.push(self.own);
    x = crossAttentionBlock(ops, `text_decoder.cross_attn.${layer}`, self.x, style, context.image[layer]!, {
      name: 'cross',
      layer,
      watch,
    });
  }
  return { x, own };
}

/** Scores of the token after each row: outputs of the multimodal half [..., W] -> [..., V]. */
export function captionLogits<T>(ops: Ops<T>, x: T): T {
  return ops.project(layerNorm(ops, 'text_decoder.ln_final', x), ops.parameter('text_decoder.text_projection'));
}
