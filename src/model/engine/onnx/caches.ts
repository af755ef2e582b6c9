import type { Tensor } from 'onnxruntime-node';
import type { CocaConfig } from '../../config/config.js';
import type { CacheUse } from './cache-slots.js';
import { LayerCache } from './key-value-cache.js';
import { cacheLayers, cacheNames, writtenNames } from './programs.js';
import type { Feeds, Fetches } from './session.js';

type TensorConstructor = typeof import('onnxruntime-node').Tensor;

/** Keys and values of all self-attention layers for a batch of token trees, wherever they are. */
export interface Caches {
  /** C: slots that each tree has. */
  readonly capacity: number;
  /** The caches as inputs of the decoder. */
  readonly feeds: Feeds;
  /** Makes room for `needed` slots, keeping the first `used`. */
  reserve(needed: number, used: number): void | Promise<void>;
  /** What the decoder is to fetch for a run of `rows` rows a tree, and into what. */
  fetches(rows: number): Fetches;
  /**
   * Takes in what a run gave.
   * @param firsts, counts for each tree the slot that its first row took, and how many rows it had
   */
  take(outputs: Feeds, firsts: readonly number[], counts: readonly number[]): void;
  /** For each tree the slots (ascending) that move to the front, in their order, the others being lost; undefined where all stay. */
  compact(kept: readonly (readonly number[] | undefined)[]): void | Promise<void>;
  release(): void;
}

/** Caches in this process's memory. */
export class HostCaches implements Caches {
  readonly #layers: readonly LayerCache[];
  #inputs: { readonly capacity: number; readonly feeds: Record<string, Tensor> } | undefined;
  #rows: { readonly count: number; readonly tensors: Record<string, Tensor> } | undefined;

  /** @param use `whole`: a run writes into the caches themselves. `rows`: a run gives rows, which are written here. */
  constructor(
    private readonly Tensor: TensorConstructor,
    config: CocaConfig,
    readonly batch: number,
    private readonly use: CacheUse,
  ) {
    this.#layers = cacheLayers(config).map(({ heads, depth }) => new LayerCache(batch, heads, depth));
  }

  get capacity(): number {
    return this.#layers[0]!.capacity;
  }

  /** Made anew only when they have grown. */
  get feeds(): Feeds {
    const { capacity } = this;
    if (this.#inputs?.capacity !== capacity) {
      const feeds: Record<string, Tensor> = {};
      for (const [i, layer] of this.#layers.entries()) {
        const shape = [this.batch, layer.heads, capacity, layer.depth];
        feeds[cacheNames(i).keys] = new this.Tensor('float32', layer.keys, shape);
        feeds[cacheNames(i).values] = new this.Tensor('float32', layer.values, shape);
      }
      this.#inputs = { capacity, feeds };
    }
    return this.#inputs.feeds;
  }

  reserve(needed: number, used: number): void {
    for (const layer of this.#layers) layer.reserve(needed, used);
  }

  fetches(rows: number): Fetches {
    return this.use === 'whole' ? this.#inPlace() : this.#rowTensors(rows);
  }

  #inPlace(): Fetches {
    const { feeds } = this;
    const pairs = this.#layers.flatMap((_, i) => [
      [writtenNames(i).keys, feeds[cacheNames(i).keys]!] as const,
      [writtenNames(i).values, feeds[cacheNames(i).values]!] as const,
    ]);
    return Object.fromEntries(pairs);
  }

  /** The same from step to step: no garbage. */
  #rowTensors(count: number): Fetches {
    if (this.#rows?.count !== count) {
      const tensors: Record<string, Tensor> = {};
      for (const [i, { heads, depth }] of this.#layers.entries()) {
        for (const name of Object.values(writtenNames(i))) {
          const room = new Float32Array(this.batch * heads * count * depth);
          tensors[name] = new this.Tensor('float32', room, [this.batch, heads, count, depth]);
        }
      }
      this.#rows = { count, tensors };
    }
    return this.#rows.tensors;
  }

  take(outputs: Feeds, firsts: readonly number[], counts: readonly number[]): void {
    if (this.use === 'whole') return;
    for (const [i, layer] of this.#layers.entries()) {
      const keys = outputs[writtenNames(i).keys]!.data as Float32Array;
      const values = outputs[writtenNames(i).values]!.data as Float32Array;
      for (const [entry, count] of counts.entries()) layer.write(entry, firsts[entry]!, keys, values, count);
    }
  }

  compact(kept: readonly (readonly number[] | undefined)[]): void {
    for (const [entry, slots] of kept.entries()) {
      if (slots) for (const layer of this.#layers) layer.compact(entry, slots);
    }
  }

  /** Ready for the next trees, with the room that it has. */
  clear(): void {
    this.#inputs = undefined;
    for (const layer of this.#layers) layer.clear();
  }

  release(): void {}
}
