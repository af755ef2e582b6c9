import type { ModelConfig } from '../config/config.js';
import { blockStyle, type KeysValues, layerNorm, selfAttentionBlock } from './blocks.js';
import type { AttentionWatcher, Ops } from './ops.js';

/** Rows of text on their way through a tower. */
export interface TextRows<T> {
  /** [B, N], token ids. */
  readonly ids: T;
  /** [B, N], the position of each in its text. */
  readonly positions: T;
}

/** What a tower that appends a CLS takes. */
export interface ClsRows<T> extends TextRows<T> {
  /** [B, 1]: the CLS takes the position after the context, however few tokens are given. */
  readonly clsPosition: T;
  /** [B, 1, N + 1, N + 1], additive: causal, and padding as the config's convention has it. */
  readonly mask: T;
}

/** What a tower that reads out one of a text's own tokens takes. */
export interface PooledRows<T> extends TextRows<T> {
  /** [B]: which of the B * N rows is read for each text. */
  readonly readout: T;
  /** [1, 1, N, N], additive: causal. Not there where every row sees all others. */
  readonly mask?: T;
}

/** One thing that the text tower of a config takes: integers (ids, places) or floats (masks). */
export interface TextInput {
  readonly name: string;
  readonly type: 'I32' | 'F32';
  readonly dimensions: readonly (number | 'batch' | 'rows' | 'queries')[];
}

/** What the text tower of a config takes, by the names of `ClsRows` or `PooledRows`. */
export function textInputs({ text }: ModelConfig): readonly TextInput[] {
  const rows: TextInput[] = [
    { name: 'ids', type: 'I32', dimensions: ['batch', 'rows'] },
    { name: 'positions', type: 'I32', dimensions: ['batch', 'rows'] },
  ];
  if (text.embed_cls) {
    rows.push({ name: 'clsPosition', type: 'I32', dimensions: ['batch', 1] });
    rows.push({ name: 'mask', type: 'F32', dimensions: ['batch', 1, 'queries', 'queries'] });
    return rows;
  }
  rows.push({ name: 'readout', type: 'I32', dimensions: ['batch'] });
  if (!text.no_causal_mask) rows.push({ name: 'mask', type: 'F32', dimensions: [1, 1, 'rows', 'rows'] });
  return rows;
}

export interface TextEmbedding<T> {
  /** [B, E], before L2 normalisation. */
  readonly latent: T;
  /** [B, E], of unit length: the contrastive embedding. */
  readonly features: T;
}

/** The text encoder of a config, on what `textInputs` names. */
export function textEncoder<T>(
  ops: Ops<T>,
  config: ModelConfig,
  inputs: Readonly<Record<string, T>>,
  watch?: AttentionWatcher<T>,
): TextEmbedding<T> {
  return config.text.embed_cls
    ? clsTextTower(ops, config, inputs as unknown as ClsRows<T>, watch)
    : pooledTextTower(ops, config, inputs as unknown as PooledRows<T>, watch);
}

/** As in CLIP: the output of one token is the text's. */
function pooledTextTower<T>(
  ops: Ops<T>,
  config: ModelConfig,
  rows: PooledRows<T>,
  watch?: AttentionWatcher<T>,
): TextEmbedding<T> {
  const { mask } = rows;
  const { x } = textLayers(ops, config, embedRows(ops, rows), mask === undefined ? {} : { mask }, watch);
  return embeddingOf(ops, config, ops.takeEach(x, rows.readout));
}

/**
 * As in CoCa: a CLS row is appended after the N tokens and read out.
 * @returns also `tokens` [B, N, W]: outputs of the tokens, without the CLS
 */
export function clsTextTower<T>(
  ops: Ops<T>,
  config: ModelConfig,
  rows: ClsRows<T>,
  watch?: AttentionWatcher<T>,
): TextEmbedding<T> & { readonly tokens: T } {
  const tokens = embedRows(ops, rows);
  const cls = ops.add(
    ops.repeat(ops.parameter('text.cls_emb'), tokens),
    ops.embed(rows.clsPosition, ops.parameter('text.positional_embedding')),
  );
  const { x } = textLayers(ops, config, ops.concat(tokens, cls), { mask: rows.mask }, watch);
  return { ...embeddingOf(ops, config, ops.take(x, -1)), tokens: ops.slice(x, 0, -1) };
}

/** Token plus positional embeddings: [B, N, W]. */
export function embedRows<T>(ops: Ops<T>, { ids, positions }: TextRows<T>): T {
  const tokens = ops.embed(ids, ops.parameter('text.token_embedding.weight'));
  return ops.add(tokens, ops.embed(positions, ops.parameter('text.positional_embedding')));
}

/** From the output that stands for a text, [B, W], to its embedding. */
function embeddingOf<T>(ops: Ops<T>, { text }: ModelConfig, output: T): TextEmbedding<T> {
  const normed = layerNorm(ops, 'text.ln_final', output, text);
  const projection = 'text.text_projection';
  let latent = normed;
  if (text.proj_type === 'linear') {
    latent = text.proj_bias
      ? ops.linear(normed, ops.parameter(`${projection}.weight`), ops.parameter(`${projection}.bias`))
      : ops.project(normed, ops.parameter(projection));
  }
  return { latent, features: ops.l2Normalize(latent) };
}

/**
 * All layers of the tower on its input rows [B, N, W], and their keys and values.
 * @param context which keys a row may see, all where nothing is said; and earlier rows' keys and values if any
 */
export function textLayers<T>(
  ops: Ops<T>,
  { text }: ModelConfig,
  input: T,
  context: { readonly mask?: T; readonly cache?: readonly KeysValues<T>[] },
  watch?: AttentionWatcher<T>,
): { readonly x: T; readonly own: readonly KeysValues<T>[] } {
  const style = blockStyle(text, text.heads);
  const own: KeysValues<T>[] = [];
  let x = input;
  for (let layer = 0; layer < text.layers; layer++) {
    const cache = context.cache?.[layer];
    const block = selfAttentionBlock(
      ops,
      `text.transformer.resblocks.${layer}`,
      x,
      style,
      { ...(context.mask !== undefined && { mask: context.mask }), ...(cache && { cache }) },
      { name: 'text', layer, watch },
    );
    x = block.x;
    own.push(block.own);
  }
  return { x, own };
}
