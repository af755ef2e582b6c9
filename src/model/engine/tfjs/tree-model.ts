import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import type { KeysValues } from '../../architecture/blocks.js';
import { textDecoder } from '../../architecture/decoder.js';
import type { CocaConfig } from '../../config/config.js';
import { scoresOf } from '../../decoding/scores.js';
import type { RowScores, TokenRow, TreeModel } from '../../decoding/types.js';
import type { Probe } from '../network.js';
import { type ForestRows, NO_SCORES, TokenForest } from '../token-forest.js';
import type { Backend } from './backends.js';
import { evaluate, type Onlooker } from './evaluate.js';
import type { TfjsOps } from './ops.js';

/** Token trees whose keys and values are tensors, [B, H, C, D] for each self-attention layer. */
export class TfjsTreeModel implements TreeModel {
  readonly vocabSize: number;
  readonly #forest: TokenForest;
  #cache: readonly KeysValues<Tensor>[] = [];
  /** C */
  #capacity = 0;

  /**
   * @param image keys and values of the pictures' tokens for every cross-attention layer, [B, H, T, D] each; freed with
   *   this model
   */
  constructor(
    private readonly backend: Backend,
    private readonly opsOf: (onlooker: Onlooker) => TfjsOps,
    private readonly config: CocaConfig,
    readonly batch: number,
    private readonly image: readonly KeysValues<Tensor>[],
    private readonly probe: Probe,
  ) {
    this.vocabSize = config.text.vocab_size;
    this.#forest = new TokenForest(config, batch);
  }

  async extend(rows: readonly (readonly TokenRow[])[], candidates?: number): Promise<readonly RowScores[]> {
    if (rows.every((list) => list.length === 0)) return rows.map(() => NO_SCORES);
    const { backend, config, batch, image } = this;
    const [cache, capacity] = [this.#cache, this.#capacity];
    const added = this.#forest.add(rows, capacity);
    const { count, ids, positions, unimodalMask, multimodalMask } = added;
    const maskShape = [batch, 1, count, capacity + count];
    const { logits } = await evaluate(
      backend,
      'decoder',
      (onlooker) => {
        const ops = this.opsOf(onlooker);
        const input = {
          ids: ops.indices(ids, [batch, count]),
          positions: ops.indices(positions, [batch, count]),
          unimodalMask: ops.floats(unimodalMask, maskShape),
          multimodalMask: ops.floats(multimodalMask, maskShape),
        };
        const decoded = textDecoder(ops, config, { ...input, cache, image }, onlooker.watch);
        this.#store(decoded.own, added, rows);
        return { logits: decoded.logits };
      },
      this.probe,
    );
    return this.#forest.givenOf(rows, logits).map((own) => scoresOf(own, this.vocabSize, candidates));
  }

  /** Puts the rows' keys and values behind those that are there. */
  #store(
    own: readonly KeysValues<Tensor>[],
    { count, firsts }: ForestRows,
    rows: readonly (readonly TokenRow[])[],
  ): void {
    const [cache, capacity] = [this.#cache, this.#capacity];
    const used = this.#forest.used;
    const isEven = rows.every((list, entry) => list.length === count && firsts[entry] === capacity);
    // Where trees are of different sizes: what each slot is to hold, from among the old slots and the new rows.
    const sources = rows.map((list, entry) =>
      Array.from({ length: used }, (_, slot) => {
        const row = slot - firsts[entry]!;
        return row < 0 ? slot : row < list.length ? capacity + row : 0;
      }),
    );
    const { tf } = this.backend;
    this.#replace(
      own.map((fresh, layer) =>
        mapPair(fresh, (rowsOf, which) => {
          const past = cache[layer]?.[which];
          const all = past ? tf.concat([past, rowsOf] as Tensor4D[], 2) : rowsOf;
          return isEven ? all : this.#pick(all, sources);
        }),
      ),
      used,
    );
  }

  /**
   * Slots `sources[b]` of each entry of x [B, H, C, D], in their order. As rows of one table: the wasm backend gathers
   * wrongly within a batch.
   */
  #pick(x: Tensor, sources: readonly (readonly number[])[]): Tensor {
    const { tf } = this.backend;
    const [batch, heads, slots, depth] = x.shape as [number, number, number, number];
    const rows = sources.flatMap((picked, entry) =>
      Array.from({ length: heads }, (_, head) => picked.map((slot) => (entry * heads + head) * slots + slot)).flat(),
    );
    const table = tf.reshape(x, [batch * heads * slots, depth]);
    return tf.reshape(tf.gather(table, tf.tensor1d(rows, 'int32')), [batch, heads, sources[0]!.length, depth]);
  }

  #replace(cache: readonly KeysValues<Tensor>[], capacity: number): void {
    const { tf } = this.backend;
    const old = this.#cache;
    this.#cache = cache.map((pair) => mapPair(pair, (tensor) => tf.keep(tensor)));
    this.#capacity = capacity;
    disposeAll(old);
  }

  retain(live: readonly (readonly number[])[]): void {
    const kept = this.#forest.retain(live);
    if (kept.every((slots) => slots === undefined)) return;
    const used = this.#forest.used;
    const sources = kept.map((slots) => Array.from({ length: used }, (_, slot) => (slots ? (slots[slot] ?? 0) : slot)));
    this.backend.run(() =>
      this.#replace(
        this.#cache.map((pair) => mapPair(pair, (tensor) => this.#pick(tensor, sources))),
        used,
      ),
    );
  }

  release(): void {
    disposeAll(this.#cache);
    disposeAll(this.image);
    this.#cache = [];
  }
}

function mapPair(
  { keys, values }: KeysValues<Tensor>,
  change: (tensor: Tensor, which: 'keys' | 'values') => Tensor,
): KeysValues<Tensor> {
  return { keys: change(keys, 'keys'), values: change(values, 'values') };
}

function disposeAll(pairs: readonly KeysValues<Tensor>[]): void {
  for (const { keys, values } of pairs) {
    keys.dispose();
    values.dispose();
  }
}
