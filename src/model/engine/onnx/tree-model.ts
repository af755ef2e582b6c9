import type { Tensor } from 'onnxruntime-node';
import type { CocaConfig } from '../../config.js';
import type { TokenRow, TreeModel } from '../../decoding/types.js';
import type { Attention, AttentionSink } from '../network.js';
import { fillIdleMask, type PaddingRule, TokenTree } from '../token-tree.js';
import { outputsToFetch, reportAttention } from './attention-outputs.js';
import { LayerCache } from './key-value-cache.js';
import { cacheLayers, cacheNames, ownNames } from './programs.js';
import type { Feeds, Session } from './session.js';

type TensorConstructor = typeof import('onnxruntime-node').Tensor;

/** Token trees over the decoder graph: it keeps the caches, the graph computes one batch of rows. */
export class OnnxTreeModel implements TreeModel {
  readonly vocabSize: number;
  private readonly trees: readonly TokenTree[];
  private readonly caches: readonly LayerCache[];
  private readonly outputs: readonly string[];
  private cacheInputs: { readonly capacity: number; readonly feeds: Feeds } | undefined;
  private results: { readonly count: number; readonly tensors: Feeds } | undefined;

  /**
   * @param image keys and values of the pictures' tokens for every cross-attention layer, [B, H, T, D] each
   */
  constructor(
    private readonly session: Session,
    private readonly Tensor: TensorConstructor,
    config: CocaConfig,
    readonly batch: number,
    private readonly image: Feeds,
    private readonly onAttention?: AttentionSink,
  ) {
    const { text } = config;
    const padding: PaddingRule = { padId: text.pad_id, correct: text.correct_cls_mask };
    // The last position of the table is the CLS's.
    const contextLength = Math.min(text.context_length, config.multimodal.context_length);
    this.outputs = outputsToFetch(session.outputNames, onAttention);
    this.vocabSize = text.vocab_size;
    this.trees = Array.from({ length: batch }, () => new TokenTree(contextLength, padding));
    this.caches = cacheLayers(config).map(({ heads, depth }) => new LayerCache(batch, heads, depth));
  }

  async extend(rows: readonly (readonly TokenRow[])[]): Promise<readonly Float32Array[]> {
    const { batch, vocabSize } = this;
    if (rows.length !== batch) throw new RangeError(`${rows.length} lists of rows for ${batch} pictures`);
    const count = Math.max(...rows.map((list) => list.length)); // N
    if (count === 0) return rows.map(() => new Float32Array(0));

    const firsts = this.trees.map((tree) => tree.used);
    for (const [entry, tree] of this.trees.entries()) tree.add(rows[entry]!);
    const capacity = this.caches[0]!.capacity;
    const feeds = { ...this.image, ...this.cacheFeeds(capacity), ...this.rowFeeds(rows, firsts, count, capacity) };
    const outputs = await this.session.run(feeds, this.outputs, this.outputTensors(count));
    this.store(outputs, rows, firsts, count);
    const { onAttention } = this;
    if (onAttention) {
      const used = Math.max(...firsts);
      reportAttention(outputs, (attention) => onAttention(withoutIdleSlots(attention, used, capacity)));
    }
    return rows.map((list, entry) => {
      const start = entry * count * vocabSize;
      return (outputs.logits!.data as Float32Array).subarray(start, start + list.length * vocabSize);
    });
  }

  /** The caches as inputs; made anew only when they have grown. */
  private cacheFeeds(capacity: number): Feeds {
    if (this.cacheInputs?.capacity !== capacity) {
      const feeds: Record<string, Tensor> = {};
      for (const [layer, cache] of this.caches.entries()) {
        const shape = [this.batch, cache.heads, capacity, cache.depth];
        feeds[cacheNames(layer).keys] = new this.Tensor('float32', cache.keys, shape);
        feeds[cacheNames(layer).values] = new this.Tensor('float32', cache.values, shape);
      }
      this.cacheInputs = { capacity, feeds };
    }
    return this.cacheInputs.feeds;
  }

  /** Tensors that the outputs of `count` rows are written to, the same from step to step: no garbage. */
  private outputTensors(count: number): Feeds {
    if (this.results?.count !== count) {
      const { batch, vocabSize, Tensor } = this;
      const tensor = (width: number) =>
        new Tensor('float32', new Float32Array(batch * count * width), [batch, count, width]);
      const tensors: Record<string, Tensor> = { logits: tensor(vocabSize) };
      for (const [layer, { heads, depth }] of this.caches.entries()) {
        tensors[ownNames(layer).keys] = tensor(heads * depth);
        tensors[ownNames(layer).values] = tensor(heads * depth);
      }
      this.results = { count, tensors };
    }
    return this.results.tensors;
  }

  private rowFeeds(
    rows: readonly (readonly TokenRow[])[],
    firsts: readonly number[],
    count: number,
    capacity: number,
  ): Feeds {
    const { batch, Tensor } = this;
    const ids = new Int32Array(batch * count);
    const positions = new Int32Array(batch * count);
    const keys = capacity + count;
    const unimodal = new Float32Array(batch * count * keys);
    const multimodal = new Float32Array(batch * count * keys);
    for (let entry = 0; entry < batch; entry++) {
      for (let row = 0; row < count; row++) {
        const at = entry * count + row;
        const masks = [unimodal, multimodal].map((mask) => mask.subarray(at * keys, (at + 1) * keys));
        const given = rows[entry]![row];
        if (given === undefined) {
          for (const mask of masks) fillIdleMask(row, capacity, mask);
          continue;
        }
        ids[at] = given.token;
        positions[at] = this.trees[entry]!.position(given.node);
        this.trees[entry]!.fillMasks(given.node, { firstSlot: firsts[entry]!, capacity }, masks[0]!, masks[1]!);
      }
    }
    return {
      ids: new Tensor('int32', ids, [batch, count]),
      positions: new Tensor('int32', positions, [batch, count]),
      unimodalMask: new Tensor('float32', unimodal, [batch, 1, count, keys]),
      multimodalMask: new Tensor('float32', multimodal, [batch, 1, count, keys]),
    };
  }

  private store(
    outputs: Feeds,
    rows: readonly (readonly TokenRow[])[],
    firsts: readonly number[],
    count: number,
  ): void {
    const used = Math.max(...firsts);
    const needed = Math.max(...this.trees.map((tree) => tree.used));
    for (const [layer, cache] of this.caches.entries()) {
      cache.reserve(needed, used);
      const keys = outputs[ownNames(layer).keys]!.data as Float32Array;
      const values = outputs[ownNames(layer).values]!.data as Float32Array;
      for (const [entry, list] of rows.entries()) {
        for (let row = 0; row < list.length; row++) {
          cache.write(entry, firsts[entry]! + row, keys, values, row, count);
        }
      }
    }
  }

  /** Gives the slots of dead nodes to later ones, once they are the larger part: every slot costs time in each step. */
  retain(live: readonly (readonly number[])[]): void {
    for (const [entry, tree] of this.trees.entries()) {
      if (2 * live[entry]!.length > tree.used) continue;
      const kept = tree.retain(live[entry]!);
      for (const cache of this.caches) cache.compact(entry, kept);
    }
  }

  release(): void {
    this.cacheInputs = undefined;
    this.results = undefined;
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
