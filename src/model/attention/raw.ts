import type { AttentionName } from '../architecture/ops.js';
import { joined } from '../base/numbers/joined.js';
import type { ModelConfig } from '../config/config.js';
import { gridSize } from '../config/config.js';
import type { Attention } from '../engine/network.js';

/** Attention probabilities of one layer for one picture: [heads, queries, keys], rows sum to 1. */
export interface AttentionLayer {
  readonly heads: number;
  readonly queries: number;
  readonly keys: number;
  readonly data: Float32Array;
}

/**
 * Everything that one picture and one caption attended to. P patches of a grid x grid square; K = 1 + P encoder outputs
 * (the class token first); Q pooler queries; S image tokens of the decoder; N = ids.length - 1 rows, of which row r has
 * read ids[0..r] and predicts ids[r + 1].
 */
export interface RawAttention {
  /** Patches along one side of the square that the model sees. */
  readonly grid: number;
  /**
   * Of a clip, how many frames F were looked at. Its vision layers are [F, 1, K, K], means over heads, and its poolers attend F K
   * encoder outputs; without a pooler there are F times as many image tokens.
   */
  readonly frames?: number;
  /** The caption, from the start token to what came last. */
  readonly ids: readonly number[];
  /** log p(ids[r + 1] | image, ids[0..r]), one a row. */
  readonly logprobs: readonly number[];
  /** Vision layers: [H, K, K]. */
  readonly vision: readonly AttentionLayer[];
  /** The (generative) pooler: [H, Q, K]; null without attentional pooling. */
  readonly pooler: AttentionLayer | null;
  /** The contrastive pooler of a "parallel" ([H, 1, K]) or "cascade" ([H, 1, Q]) model. */
  readonly contrastive: AttentionLayer | null;
  /** Unimodal layers: [H, N, N]. */
  readonly text: readonly AttentionLayer[];
  /** Self-attention of the multimodal layers: [H, N, N]. */
  readonly decoderSelf: readonly AttentionLayer[];
  /** Cross-attention of the multimodal layers: [H, N, S]. */
  readonly cross: readonly AttentionLayer[];
  /** The gradient of each row's log-probability by its cross-attention: [H, N, S]. Where it was asked for. */
  readonly crossGradient?: readonly AttentionLayer[];
}

/** What a caption loses when parts of its picture are blanked. */
export interface Occlusion {
  /** Side of what is blanked at a time, in patches. */
  readonly window: number;
  /** How many pictures went through the model for it. */
  readonly passes: number;
  /**
   * [N, P]: how far log p(ids[r + 1]) of each row falls without a patch, in nats, as the mean of the windows over that patch;
   * below 0 where it rises.
   */
  readonly falls: Float32Array;
}

/** Puts what an engine reported, for a batch of one, in its places. */
export function collectAttention(
  config: ModelConfig,
  reported: readonly Attention[],
  ids: readonly number[],
  logprobs: readonly number[],
  crossGradient?: readonly Attention[],
): RawAttention {
  const layersOf = (name: AttentionName, among = reported): AttentionLayer[] =>
    among
      .filter((attention) => attention.name === name)
      .sort((a, b) => a.layer - b.layer)
      .map(({ data, shape: [batch, heads, queries, keys] }) => {
        if (batch !== 1) throw new RangeError(`attention of ${batch} pictures where one was expected`);
        return { heads, queries, keys, data };
      });
  const vision = visionLayers(reported);
  return {
    grid: gridSize(config),
    ...(vision.frames > 1 && { frames: vision.frames }),
    ids,
    logprobs,
    vision: vision.layers,
    pooler: layersOf('pooler.0')[0] ?? null,
    contrastive: layersOf('pooler.1')[0] ?? null,
    text: layersOf('text'),
    decoderSelf: layersOf('decoder_self'),
    cross: layersOf('cross'),
    ...(crossGradient && { crossGradient: layersOf('cross', crossGradient) }),
  };
}

/** Layers of the vision tower, the frames of each together: some frames at a time, they were reported in their order. */
function visionLayers(reported: readonly Attention[]): { readonly layers: AttentionLayer[]; readonly frames: number } {
  const byLayer = new Map<number, Attention[]>();
  for (const one of reported.filter(({ name }) => name === 'vision')) {
    byLayer.set(one.layer, [...(byLayer.get(one.layer) ?? []), one]);
  }
  const layers = [...byLayer]
    .sort(([a], [b]) => a - b)
    .map(([, parts]): AttentionLayer => {
      const [, heads, queries, keys] = parts[0]!.shape;
      return {
        heads,
        queries,
        keys,
        data: parts.length === 1 ? parts[0]!.data : joined(parts.map(({ data }) => data)),
      };
    });
  const frames = (byLayer.get(0) ?? []).reduce((sum, { shape: [batch] }) => sum + batch, 0);
  return { layers, frames };
}
