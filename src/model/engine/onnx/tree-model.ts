import type { Tensor } from 'onnxruntime-node';
import type { CocaConfig } from '../../config/config.js';
import type { RowScores, TokenRow } from '../../decoding/types.js';
import type { Attention, ImageTokens, ImageTrees, Probe } from '../network.js';
import { type ForestRows, NO_SCORES, TokenForest } from '../token-forest.js';
import type { Caches } from './caches.js';
import { report, seenToFetch } from './probe.js';
import { readScores, ScoreQuestions } from './row-scores.js';
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
  /** What makes them of tokens, where a tree can be begun anew over another picture. */
  readonly imageOf?: (tokens: ImageTokens) => Promise<Feeds>;
  /** Inputs of an opened graph. */
  readonly changes: Feeds;
  readonly caches: Caches;
  readonly probe: Probe;
  /** Told when the trees are released: whether their caches hold numbers, as far as is known. */
  readonly onRelease?: (isSound: boolean) => void;
}

/** Token trees over the decoder graph: it tells the graph which rows to compute and where what they leave belongs. */
export class OnnxTreeModel implements ImageTrees {
  readonly vocabSize: number;
  readonly batch: number;
  readonly #forest: TokenForest;
  /** Outputs that the caller looks at. */
  readonly #seen: Fetches;
  readonly #questions: ScoreQuestions;
  #rowInputs: { readonly ids: Int32Array; readonly masks: Float32Array; readonly feeds: Feeds } | undefined;
  /** What `retain` has let go, to be done before the next rows. */
  #moves: (readonly (readonly number[] | undefined)[])[] = [];
  #isSound = true;

  readonly replace?: (place: number, tokens: ImageTokens) => Promise<void>;

  constructor(private readonly parts: TreeParts) {
    const { session, Tensor, config, batch, caches, imageOf, probe } = parts;
    if (imageOf) this.replace = async (place, tokens) => this.#replace(place, await imageOf(tokens));
    this.vocabSize = config.text.vocab_size;
    this.batch = batch;
    this.#forest = new TokenForest(config, batch);
    this.#questions = new ScoreQuestions(Tensor, this.vocabSize, caches.layout === 'behind');
    this.#seen = seenToFetch(session.outputNames, probe);
  }

  async extend(rows: readonly (readonly TokenRow[])[], candidates?: number): Promise<readonly RowScores[]> {
    if (rows.every((list) => list.length === 0)) return rows.map(() => NO_SCORES);
    const { caches, session, image, changes, probe } = this.parts;
    this.#isSound = false;
    for (const kept of this.#moves.splice(0)) await caches.compact(kept);
    const counts = rows.map(({ length }) => length);
    await caches.makeReady(this.#forest.used, Math.max(...counts));
    const { capacity, layout } = caches;
    const added = this.#forest.add(rows, capacity, layout);
    const asked = this.#questions.about(candidates);
    const feeds = { ...image, ...changes, ...caches.feedsFor(added), ...this.#rowFeeds(added), ...asked.feeds };
    const outputs = await session.run(feeds, { ...this.#seen, ...caches.fetches, ...asked.fetches });
    caches.take(outputs, added, counts);
    const { firsts, count } = added;
    const ownFrom = layout === 'within' ? firsts : firsts.map(() => capacity);
    const { onAttention, onActivation } = probe;
    report(outputs, {
      onAttention: onAttention && ((attention) => onAttention(inOrder(attention, firsts, ownFrom, count))),
      onActivation,
    });
    const said = readScores(outputs, rows, this.#forest);
    this.#isSound = true;
    return said;
  }

  /** The forest's buffers as inputs; made anew only when those are. */
  #rowFeeds({ count, ids, positions, unimodalMask, multimodalMask }: ForestRows): Feeds {
    if (this.#rowInputs?.ids !== ids || this.#rowInputs.masks !== unimodalMask) {
      const { Tensor } = this.parts;
      const { batch } = this;
      const maskShape = [batch, 1, count, unimodalMask.length / (batch * count)];
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

  #replace(place: number, fresh: Feeds): void {
    for (const [name, { data }] of Object.entries(fresh)) {
      (this.parts.image[name]!.data as Float32Array).set(data as Float32Array, place * data.length);
    }
    this.#forest.clear(place);
  }

  release(): void {
    const { image, caches, onRelease } = this.parts;
    dispose(image);
    caches.release();
    onRelease?.(this.#isSound);
  }
}

/**
 * Of attention over cache slots: the nodes in their order, of a batch's longest tree, then the rows of the call.
 * @param ownFrom for each tree the first key that is a row of the call
 * @param own how many of them there are
 */
function inOrder(attention: Attention, firsts: readonly number[], ownFrom: readonly number[], own: number): Attention {
  if (attention.name === 'cross') return attention;
  const used = Math.max(...firsts);
  const [batch, heads, queries, keys] = attention.shape;
  const kept = new Float32Array(batch * heads * queries * (used + own));
  for (let row = 0; row < batch * heads * queries; row++) {
    const from = row * keys;
    const to = row * (used + own);
    const entry = Math.floor(row / (heads * queries));
    const rows = from + ownFrom[entry]!;
    kept.set(attention.data.subarray(from, from + firsts[entry]!), to);
    kept.set(attention.data.subarray(rows, rows + own), to + used);
  }
  return { ...attention, data: kept, shape: [batch, heads, queries, used + own] };
}
