import type { CocaConfig } from '../config/config.js';
import {
  blockStyle,
  crossAttentionBlock,
  crossKeysValues,
  type KeysValues,
  layerNorm,
  selfAttentionBlock,
} from './blocks.js';
import type { AttentionWatcher, BlockOps, Ops } from './ops.js';
import { embedRows, type TextRows, textLayers } from './text-tower.js';

/**
 * Keys and values of image tokens [B, S, W] for every cross-attention layer, [B, H, S, D] each: computed once an image,
 * shared by all tokens and beams.
 */
export function imageMemory<T>(ops: Ops<T>, config: CocaConfig, imageTokens: T): readonly KeysValues<T>[] {
  const { multimodal } = config;
  const style = blockStyle(multimodal, multimodal.heads);
  return Array.from({ length: multimodal.layers }, (_, layer) =>
    crossKeysValues(ops, `text_decoder.cross_attn.${layer}`, imageTokens, style),
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
  return { logits: captionLogits(ops, config, multimodal.x), own: [...unimodal.own, ...multimodal.own] };
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
  return textLayers(ops, config, embedRows(ops, rows), context, watch);
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
  const style = blockStyle(config.multimodal, config.multimodal.heads);
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
export function captionLogits<T>(ops: Ops<T>, { multimodal }: CocaConfig, x: T): T {
  return ops.project(
    layerNorm(ops, 'text_decoder.ln_final', x, multimodal),
    ops.parameter('text_decoder.text_projection'),
  );
}
