import { CocaError } from '../base/errors.js';
import type { ModelConfig } from '../config/config.js';
import type { AttentionLayer, Occlusion, RawAttention } from './raw.js';

/**
 * How a word's attention is carried to the picture.
 * - `cross`: cross-attention times pooler attention, over the encoder's outputs, each of which sits at a patch.
 * - `rollout`: carried on through the vision tower to its input patches (Abnar and Zuidema 2020, "Quantifying Attention
 *   Flow in Transformers": layers are averaged over heads, mixed half and half with the residual path, and multiplied).
 * - `gradient`: as `cross`, but of the cross-attention only what raises the word's probability: probabilities times the
 *   positive part of their gradient (Chefer et al. 2021, "Generic Attention-model Explainability", equation 5).
 * - `occlusion`: how far the word's log-probability falls when patches are blanked (`Occlusion`), which asks the model from
 *   outside: it has no layers and heads, and a choice of them means nothing for it.
 */
export const MAP_METHODS = ['cross', 'rollout', 'gradient', 'occlusion'] as const;
export type MapMethod = (typeof MAP_METHODS)[number];

export interface MapChoice {
  readonly method: MapMethod;
  /** A multimodal layer (from 0), the mean of all, or the last. */
  readonly layer: number | 'mean' | 'last';
  /** A cross-attention head (from 0), or the mean of all. */
  readonly head: number | 'mean';
}

/** What the measurements of docs/attention.md favour. */
export const DEFAULT_MAP = { method: 'gradient', layer: 'mean', head: 'mean' } as const satisfies MapChoice;

/** The side of what occlusion blanks, which they favour too, in patches. */
export const OCCLUSION_WINDOW = 3;

/** Whether layers and heads mean something for a method. */
export const hasLayers = ({ method }: Pick<MapChoice, 'method'>): boolean => method !== 'occlusion';

/** A map, where it is highest and how wide it spreads. */
export interface MeasuredMap {
  /** grid x grid values, rows from the top, that sum to 1; those of a clip's frames sum to 1 together. */
  readonly map: Float32Array;
  /** Of a clip's frame: the highest value of all frames, which it is drawn relative to; otherwise that is its own. */
  readonly highest?: number;
  /** Highest patch, in fractions of the square. */
  readonly peak: { readonly x: number; readonly y: number };
  /** In nats. */
  readonly entropy: number;
  /** Whether it is so even that its peak is chance: the highest patch has less than twice an even share, 2 / P. */
  readonly isFlat: boolean;
}

/** Maps over the patches of one picture, [P] row by row from the top left, each summing to 1; of a clip [F P], frame by frame. */
export class AttentionMaps {
  readonly grid: number;
  /** Of a clip; 1 of a picture. */
  readonly frames: number;
  readonly layers: number;
  readonly heads: number;
  readonly #poolerMean: Float32Array | undefined;
  readonly #visionMeans = new Map<number, readonly Float32Array[]>();
  #raisingLayers: readonly AttentionLayer[] | undefined;

  constructor(
    private readonly raw: RawAttention,
    private readonly config: ModelConfig,
    readonly occlusion?: Occlusion,
  ) {
    this.grid = raw.grid;
    this.frames = raw.frames ?? 1;
    this.layers = raw.cross.length;
    this.heads = raw.cross[0]?.heads ?? 0;
    this.#poolerMean = raw.pooler ? meanOfHeads(raw.pooler) : undefined;
  }

  /**
   * The map of some rows of the caption together (the pieces of a word): their mean; by occlusion, where the fall of all
   * together is known, that.
   * @param rows row r is the one that predicts ids[r + 1]
   * @throws CocaError `usage` for a layer or head that the model does not have, or what was not computed
   */
  ofRows(rows: readonly number[], choice: MapChoice): Float32Array {
    if (choice.method === 'occlusion') return this.#ofFalls(rows);
    const tokens = new Float32Array(this.raw.cross[0]!.keys); // [S]
    const layers = this.#chosenLayers(choice);
    const heads = this.#chosenHeads(choice.head);
    const share = 1 / (layers.length * heads.length * rows.length);
    for (const layer of layers) {
      for (const head of heads) {
        for (const row of rows) addRow(tokens, layer, head, row, share);
      }
    }
    return this.#overPatches(this.#toEncoder(tokens), choice.method);
  }

  /** What the contrastive embedding looked at: pooler query 0, the contrastive pooler, or the class token's last layer. */
  ofEmbedding(method: 'cross' | 'rollout'): Float32Array {
    const { raw, config } = this;
    let outputs: Float32Array; // [K]
    if (raw.contrastive) {
      const mean = meanOfHeads(raw.contrastive); // [1, Q] or [1, K]
      outputs = config.vision.attentional_pool === 'cascade' ? this.#throughPooler(mean, 0) : mean;
    } else if (this.#poolerMean) {
      // Query 0, or the only one, is the embedding; or, pooled by the mean, all the others in equal parts.
      const queries = new Float32Array(raw.pooler!.queries);
      if (config.vision.pool_type !== 'avg') queries[0] = 1;
      else queries.fill(1 / (queries.length - 1), 1);
      outputs = this.#throughPooler(queries, 0);
    } else {
      const last = raw.vision.at(-1)!;
      outputs = new Float32Array(this.frames * last.keys);
      for (let frame = 0; frame < this.frames; frame++) {
        const own = outputs.subarray(frame * last.keys, (frame + 1) * last.keys);
        if (config.vision.pool_type === 'avg') own.fill(1 / (own.length - 1), 1);
        // The class token gathers what it knows through its last attention.
        else own.set(meanOfHeads(last, frame).subarray(0, last.keys));
      }
    }
    return this.#overPatches(outputs, method);
  }

  /** The methods that there is what they need for. */
  get methods(): readonly MapMethod[] {
    const computed = { gradient: this.raw.crossGradient, occlusion: this.occlusion } as Partial<
      Record<MapMethod, unknown>
    >;
    return MAP_METHODS.filter((method) => !(method in computed) || computed[method] !== undefined);
  }

  /** What the rows lose together without each patch; what they gain counts as nothing. */
  #ofFalls(rows: readonly number[]): Float32Array {
    if (this.occlusion === undefined) {
      throw new CocaError(
        'usage',
        'the occlusion of this caption was not computed',
        'give the maps what `occlude` finds',
      );
    }
    const { falls } = this.occlusion;
    const patches = new Float32Array(this.grid ** 2);
    for (const row of rows) for (let i = 0; i < patches.length; i++) patches[i]! += falls[row * patches.length + i]!;
    return shares(patches.map((fall) => Math.max(0, fall)));
  }

  #chosenLayers({ method, layer }: MapChoice): readonly AttentionLayer[] {
    const all = method === 'gradient' ? this.#raising : this.raw.cross;
    if (layer === 'mean') return all;
    if (layer === 'last') return [all.at(-1)!];
    const found = all[layer];
    if (found === undefined)
      throw new CocaError('usage', `there is no layer ${layer}: the model has 0 to ${this.layers - 1}`);
    return [found];
  }

  /** Cross-attention times the positive part of its gradient. */
  get #raising(): readonly AttentionLayer[] {
    const { cross, crossGradient } = this.raw;
    if (crossGradient === undefined) {
      throw new CocaError('usage', 'the gradient of this caption was not computed', 'attend with { gradient: true }');
    }
    this.#raisingLayers ??= cross.map((layer, i) => {
      const gradient = crossGradient[i]!.data;
      return { ...layer, data: layer.data.map((probability, at) => probability * Math.max(0, gradient[at]!)) };
    });
    return this.#raisingLayers;
  }

  #chosenHeads(head: MapChoice['head']): readonly number[] {
    if (head === 'mean') return [...Array(this.heads).keys()];
    if (head >= this.heads)
      throw new CocaError('usage', `there is no head ${head}: the model has 0 to ${this.heads - 1}`);
    return [head];
  }

  /** From weights of image tokens [S] to weights of encoder outputs [K]. */
  #toEncoder(tokens: Float32Array): Float32Array {
    const { attentional_pool: pooling } = this.config.vision;
    // With one pooler, query 0 is kept for the embedding and tokens are queries 1, 2, ...
    if (pooling) return this.#throughPooler(tokens, pooling === true ? 1 : 0);
    const each = tokens.length / this.frames;
    const outputs = new Float32Array(this.frames * (each + 1));
    for (let frame = 0; frame < this.frames; frame++) {
      outputs.set(tokens.subarray(frame * each, (frame + 1) * each), frame * (each + 1) + 1);
    }
    return outputs;
  }

  /** Weights of queries [S], the first of which is query `first`, to weights of encoder outputs [K]. */
  #throughPooler(weights: Float32Array, first: number): Float32Array {
    const { keys } = this.raw.pooler!;
    const outputs = new Float32Array(keys);
    for (const [i, weight] of weights.entries()) {
      const from = (first + i) * keys;
      for (let key = 0; key < keys; key++) outputs[key]! += weight * this.#poolerMean![from + key]!;
    }
    return outputs;
  }

  /**
   * Encoder outputs [F K] to patches [F P]: class tokens, which sit nowhere, are left out and the rest made to sum to 1.
   */
  #overPatches(outputs: Float32Array, method: MapMethod): Float32Array {
    const each = outputs.length / this.frames;
    const patches = this.grid ** 2;
    const places = new Float32Array(this.frames * patches);
    for (let frame = 0; frame < this.frames; frame++) {
      const own = outputs.subarray(frame * each, (frame + 1) * each);
      const rolled = method === 'rollout' ? this.#rollOut(own, frame) : own;
      places.set(rolled.subarray(each - patches), frame * patches);
    }
    return shares(places);
  }

  #rollOut(outputs: Float32Array, frame: number): Float32Array {
    const means = this.#visionMeans.get(frame) ?? this.raw.vision.map((layer) => meanOfHeads(layer, frame));
    this.#visionMeans.set(frame, means);
    let weights = outputs;
    for (let layer = means.length - 1; layer >= 0; layer--) {
      const mean = means[layer]!; // [K, K]
      const earlier = weights.map((weight) => weight / 2); // the residual path
      for (const [query, weight] of weights.entries()) {
        const from = query * weights.length;
        for (let key = 0; key < weights.length; key++) earlier[key]! += (weight * mean[from + key]!) / 2;
      }
      weights = earlier;
    }
    return weights;
  }
}

/** Weights made to sum to 1. Where nothing at all speaks for a word, no patch does more than another. */
function shares(patches: Float32Array): Float32Array {
  const sum = patches.reduce((total, value) => total + value, 0);
  return sum === 0 ? patches.fill(1 / patches.length) : patches.map((value) => value / sum);
}

function addRow(sum: Float32Array, layer: AttentionLayer, head: number, row: number, share: number): void {
  const from = (head * layer.queries + row) * layer.keys;
  for (let key = 0; key < layer.keys; key++) sum[key]! += share * layer.data[from + key]!;
}

/** [heads, queries, keys], of one frame where there are several -> [queries, keys] */
function meanOfHeads({ heads, queries, keys, data }: AttentionLayer, frame = 0): Float32Array {
  const mean = new Float32Array(queries * keys);
  for (let head = frame * heads; head < (frame + 1) * heads; head++) {
    for (let i = 0; i < mean.length; i++) mean[i]! += data[head * mean.length + i]! / heads;
  }
  return mean;
}

/** The likeliest place of a map, as fractions of the square (of a clip, that of its frame): the centre of its highest patch. */
export function peakOf(map: Float32Array, grid: number): { readonly x: number; readonly y: number } {
  const at = map.indexOf(map.reduce((best, value) => Math.max(best, value), -Infinity));
  return { x: ((at % grid) + 0.5) / grid, y: ((Math.floor(at / grid) % grid) + 0.5) / grid };
}

/** Entropy of a map in nats: 0 for one patch, ln P for an even spread. */
export function entropyOf(map: Float32Array): number {
  return -map.reduce((sum, value) => sum + (value > 0 ? value * Math.log(value) : 0), 0);
}

const FLAT_BELOW = 2;

/** A map with its figures. */
export function measureMap(map: Float32Array, grid: number): MeasuredMap {
  // The highest patch has less than twice an even share.
  const isFlat = highestOf(map) * map.length < FLAT_BELOW;
  return { map, peak: peakOf(map, grid), entropy: entropyOf(map), isFlat };
}

const highestOf = (map: Float32Array): number => map.reduce((best, value) => Math.max(best, value), 0);

/** What a map over the frames of a clip says, as a whole and frame by frame. */
export interface MeasuredClip {
  /** One a frame: its part of the map, where that is highest, and what is known of all together. */
  readonly frames: readonly MeasuredMap[];
  /** How much of the map lies in each frame: they sum to 1. */
  readonly shares: readonly number[];
  /** The frame that the highest patch of all lies in. */
  readonly peakFrame: number;
}

/** A map [F P] over F frames with its figures; flatness and entropy are those of the whole. */
export function measureFrames(map: Float32Array, grid: number): MeasuredClip {
  const { entropy, isFlat } = measureMap(map, grid);
  const highest = highestOf(map);
  const patches = grid ** 2;
  const parts = Array.from({ length: map.length / patches }, (_, f) => map.subarray(f * patches, (f + 1) * patches));
  return {
    frames: parts.map((part) => ({ map: part, highest, peak: peakOf(part, grid), entropy, isFlat })),
    shares: parts.map((part) => part.reduce((sum, value) => sum + value, 0)),
    peakFrame: Math.floor(map.indexOf(highest) / patches),
  };
}
