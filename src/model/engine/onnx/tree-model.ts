import type { Tensor } from 'onnxruntime-node';
import type { CocaConfig } from '../../config/config.js';
import type { RowScores, TokenRow, TreeModel } from '../../decoding/types.js';
import type { Attention, AttentionSink } from '../network.js';
import { type ForestRows, NO_SCORES, TokenForest } from '../token-forest.js';
import { attentionToFetch, reportAttention } from './attention-outputs.js';
import type { Caches } from './caches.js';
import { Places } from './places.js';
import { ScoreBuffers } from './score-buffers.js';
import { dispose, type Feeds, type Fetches, type OnnxSession } from './session.js';

type TensorConstructor = typeof import('onnxruntime-node').Tensor;

/** What token trees are computed with. */
export interface TreeParts {
  readonly session: OnnxSession;
  readonly Tensor: TensorConstructor;
  readonly config: CocaConfig;
  readonly batch: number;
  /** Keys and values of the pictures' tokens for every cross-attention layer, [B, H, T, D] each; freed with the trees. */
  readonly image: Feeds;
  readonly caches: Caches;
  readonly onAttention?: AttentionSink | undefined;
  /** Told when the trees are released: whether their caches hold numbers, as far as is known. */
  readonly onRelease?: (isSound: boolean) => void;
}

/** Token trees over the decoder graph: it tells the graph which rows to compute and where what they leave belongs. */
export class OnnxTreeModel implements TreeModel {
  readonly vocabSize: number;
  readonly batch: number;
  readonly #forest: TokenForest;
  readonly #places: Places;
  readonly #attention: Fetches;
  #rowInputs: { readonly ids: Int32Array; readonly masks: Float32Array; readonly feeds: Feeds } | undefined;
  #scores: ScoreBuffers | undefined;
  /** What `retain` has let go, to be done before the next rows. */
  #moves: (readonly (readonly number[] | undefined)[])[] = [];
  #isSound = true;

  constructor(private readonly parts: TreeParts) {
    const { session, Tensor, config, batch, onAttention } = parts;
    this.vocabSize = config.text.vocab_size;
    this.batch = batch;
    this.#forest = new TokenForest(config, batch);
    this.#places = new Places(Tensor, config, batch);
    this.#attention = attentionToFetch(session.outputNames, onAttention);
  }

  async extend(rows: readonly (readonly TokenRow[])[], candidates?: number): Promise<readonly RowScores[]> {
    if (rows.every((list) => list.length === 0)) return rows.map(() => NO_SCORES);
    const { caches, session, image, onAttention } = this.parts;
    this.#isSound = false;
    for (const kept of this.#moves.splice(0)) await caches.compact(kept);
    const counts = rows.map(({ length }) => length);
    const used = this.#forest.used;
    await caches.reserve(used + Math.max(...counts), used);
    const { capacity } = caches;
    const added = this.#forest.add(rows, capacity, 'within');
    const { count, firsts } = added;
    const scores = this.#scoreBuffers(count, candidates);
    const places = this.#places.of(count, firsts);
    const feeds = { ...image, ...caches.feeds, ...this.#rowFeeds(added, capacity), ...places, ...scores.feeds };
    const outputs = await session.run(feeds, { ...this.#attention, ...caches.fetches(count), ...scores.tensors });
    caches.take(outputs, firsts, counts);
    if (onAttention) reportAttention(outputs, (attention) => onAttention(inOrder(attention, firsts, count)));
    const said = scores.read(rows, this.#forest);
    this.#isSound = true;
    return said;
  }

  /** Buffers are the same from step to step: no garbage. */
  #scoreBuffers(count: number, candidates: number | undefined): ScoreBuffers {
    if (!this.#scores?.fit(count, candidates)) {
      this.#scores = new ScoreBuffers(this.parts.Tensor, this, count, candidates);
    }
    return this.#scores;
  }

  /** The forest's buffers as inputs; made anew only when those are. */
  #rowFeeds({ count, ids, positions, unimodalMask, multimodalMask }: ForestRows, capacity: number): Feeds {
    if (this.#rowInputs?.ids !== ids || this.#rowInputs.masks !== unimodalMask) {
      const { Tensor } = this.parts;
      const { batch } = this;
      const maskShape = [batch, 1, count, capacity];
      const feeds: Record<string, Tensor> = {
        ids: new Tensor('int32', ids, [batch, count]),
        positions: new Tensor('int32', positions, [batch, count]),
        unimodalMask: new Tensor('float32', unimodalMask, maskShape),
        multimodalMask: new Tensor('float32', multimodalMask, maskShape),
      };
      this.#rowInputs = { ids, masks: unimodalMask, feeds };
    }
    return this.#rowInputs.feeds;
  }

  retain(live: readonly (readonly number[])[]): void {
    const kept = this.#forest.retain(live);
    if (kept.some((slots) => slots !== undefined)) this.#moves.push(kept);
  }

  release(): void {
    const { image, caches, onRelease } = this.parts;
    dispose(image);
    caches.release();
    onRelease?.(this.#isSound);
  }
}

/** Of attention over cache slots: the nodes in their order, of a batch's longest tree, then the rows of the call. */
function inOrder(attention: Attention, firsts: readonly number[], own: number): Attention {
  if (attention.name === 'cross') return attention;
  const used = Math.max(...firsts);
  const [batch, heads, queries, keys] = attention.shape;
  const kept = new Float32Array(batch * heads * queries * (used + own));
  for (let row = 0; row < batch * heads * queries; row++) {
    const from = row * keys;
    const to = row * (used + own);
    const first = firsts[Math.floor(row / (heads * queries))]!;
    kept.set(attention.data.subarray(from, from + first), to);
    kept.set(attention.data.subarray(from + first, from + first + own), to + used);
  }
  return { ...attention, data: kept, shape: [batch, heads, queries, used + own] };
}
