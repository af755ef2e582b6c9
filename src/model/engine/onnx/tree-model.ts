import type { Tensor } from 'onnxruntime-node';
import type { CocaConfig } from '../../config/config.js';
import type { RowScores, TokenRow } from '../../decoding/types.js';
import type { Attention, ImageTokens, ImageTrees, Probe } from '../network.js';
import { type ForestRows, NO_SCORES, TokenForest } from '../token-forest.js';
import { LayerCache } from './key-value-cache.js';
import { outputsToFetch, report } from './probe.js';
import { cacheLayers, cacheNames, ownNames } from './programs.js';
import { SCORES } from './row-scores.js';
import { ScoreBuffers } from './score-buffers.js';
import type { Feeds, OnnxSession } from './session.js';

type TensorConstructor = typeof import('onnxruntime-node').Tensor;

/** Token trees over the decoder graph: it keeps the caches, the graph computes one batch of rows. */
export class OnnxTreeModel implements ImageTrees {
  readonly vocabSize: number;
  readonly #forest: TokenForest;
  readonly #caches: readonly LayerCache[];
  /** Outputs that are fetched whatever is asked for: the rows' own keys and values, and attention where it is watched. */
  readonly #outputs: readonly string[];
  #cacheInputs: { readonly capacity: number; readonly feeds: Feeds } | undefined;
  #ownOutputs: { readonly count: number; readonly tensors: Feeds } | undefined;
  #scores: ScoreBuffers | undefined;

  /**
   * @param image keys and values of the pictures' tokens for every cross-attention layer, [B, H, T, D] each; its own
   * @param imageOf what makes them of tokens
   * @param changes inputs of an opened graph
   */
  constructor(
    private readonly session: OnnxSession,
    private readonly Tensor: TensorConstructor,
    config: CocaConfig,
    readonly batch: number,
    private readonly image: Feeds,
    private readonly imageOf: (tokens: ImageTokens) => Promise<Feeds>,
    private readonly changes: Feeds,
    private readonly probe: Probe,
  ) {
    const scores: readonly string[] = ['logits', ...Object.values(SCORES)];
    this.#outputs = outputsToFetch(session.outputNames, probe).filter((name) => !scores.includes(name));
    this.vocabSize = config.text.vocab_size;
    this.#forest = new TokenForest(config, batch);
    this.#caches = cacheLayers(config).map(({ heads, depth }) => new LayerCache(batch, heads, depth));
  }

  async extend(rows: readonly (readonly TokenRow[])[], candidates?: number): Promise<readonly RowScores[]> {
    if (rows.every((list) => list.length === 0)) return rows.map(() => NO_SCORES);
    const capacity = this.#caches[0]!.capacity;
    const added = this.#forest.add(rows, capacity);
    const scores = this.#scoreBuffers(added.count, candidates);
    const feeds = {
      ...this.image,
      ...this.changes,
      ...this.#cacheFeeds(capacity),
      ...this.#rowFeeds(added, capacity),
      ...scores.feeds,
    };
    const into = { ...this.#ownTensors(added.count), ...scores.tensors };
    const outputs = await this.session.run(feeds, [...this.#outputs, ...Object.keys(scores.tensors)], into);
    this.#store(outputs, rows, added);
    const { onAttention, onActivation } = this.probe;
    const used = Math.max(...added.firsts);
    report(outputs, {
      onAttention: onAttention && ((attention) => onAttention(withoutIdleSlots(attention, used, capacity))),
      onActivation,
    });
    return scores.read(rows, this.#forest);
  }

  /** Buffers are the same from step to step: no garbage. */
  #scoreBuffers(count: number, candidates: number | undefined): ScoreBuffers {
    if (!this.#scores?.fit(count, candidates)) {
      this.#scores = new ScoreBuffers(this.Tensor, this, count, candidates);
    }
    return this.#scores;
  }

  /** The caches as inputs; made anew only when they have grown. */
  #cacheFeeds(capacity: number): Feeds {
    if (this.#cacheInputs?.capacity !== capacity) {
      const feeds: Record<string, Tensor> = {};
      for (const [layer, cache] of this.#caches.entries()) {
        const shape = [this.batch, cache.heads, capacity, cache.depth];
        feeds[cacheNames(layer).keys] = new this.Tensor('float32', cache.keys, shape);
        feeds[cacheNames(layer).values] = new this.Tensor('float32', cache.values, shape);
      }
      this.#cacheInputs = { capacity, feeds };
    }
    return this.#cacheInputs.feeds;
  }

  /** Tensors that the keys and values of `count` rows are written to. */
  #ownTensors(count: number): Feeds {
    if (this.#ownOutputs?.count !== count) {
      const { batch, Tensor } = this;
      const tensor = (width: number) =>
        new Tensor('float32', new Float32Array(batch * count * width), [batch, count, width]);
      const tensors: Record<string, Tensor> = {};
      for (const [layer, { heads, depth }] of this.#caches.entries()) {
        tensors[ownNames(layer).keys] = tensor(heads * depth);
        tensors[ownNames(layer).values] = tensor(heads * depth);
      }
      this.#ownOutputs = { count, tensors };
    }
    return this.#ownOutputs.tensors;
  }
  #rowFeeds({ count, ids, positions, unimodalMask, multimodalMask }: ForestRows, capacity: number): Feeds {
    const { batch, Tensor } = this;
    const maskShape = [batch, 1, count, capacity + count];
    return {
      ids: new Tensor('int32', ids, [batch, count]),
      positions: new Tensor('int32', positions, [batch, count]),
      unimodalMask: new Tensor('float32', unimodalMask, maskShape),
      multimodalMask: new Tensor('float32', multimodalMask, maskShape),
    };
  }

  #store(outputs: Feeds, rows: readonly (readonly TokenRow[])[], { firsts, count }: ForestRows): void {
    const used = Math.max(...firsts);
    for (const [layer, cache] of this.#caches.entries()) {
      cache.reserve(this.#forest.used, used);
      const keys = outputs[ownNames(layer).keys]!.data as Float32Array;
      const values = outputs[ownNames(layer).values]!.data as Float32Array;
      for (const [entry, list] of rows.entries()) {
        for (let row = 0; row < list.length; row++) {
          cache.write(entry, firsts[entry]! + row, keys, values, row, count);
        }
      }
    }
  }

  retain(live: readonly (readonly number[])[]): void {
    for (const [entry, kept] of this.#forest.retain(live).entries()) {
      if (kept === undefined) continue;
      for (const cache of this.#caches) cache.compact(entry, kept);
    }
  }

  async replace(place: number, tokens: ImageTokens): Promise<void> {
    const fresh = await this.imageOf(tokens);
    for (const [name, { data }] of Object.entries(fresh)) {
      (this.image[name]!.data as Float32Array).set(data as Float32Array, place * data.length);
    }
    this.#forest.clear(place);
  }

  release(): void {
    this.#cacheInputs = undefined;
    this.#ownOutputs = undefined;
    this.#scores = undefined;
  }
}

/** Leaves out the columns of cache slots that are not in use, where keys come from the cache. */
function withoutIdleSlots(attention: Attention, used: number, capacity: number): Attention {
  if (attention.name === 'cross') return attention;
  const [batch, heads, queries, keys] = attention.shape;
  const own = keys - capacity;
  const kept = new Float32Array(batch * heads * queries * (used + own));
  for (let row = 0; row < batch * heads * queries; row++) {
    const from = row * keys;
    const to = row * (used + own);
    kept.set(attention.data.subarray(from, from + used), to);
    kept.set(attention.data.subarray(from + capacity, from + keys), to + used);
  }
  return { ...attention, data: kept, shape: [batch, heads, queries, used + own] };
}
