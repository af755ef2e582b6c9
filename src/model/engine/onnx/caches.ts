import type { Tensor } from 'onnxruntime-node';
import type { CocaConfig } from '../../config/config.js';
import type { ForestRows } from '../token-forest.js';
import { LayerCache } from './key-value-cache.js';
import { cacheLayers, cacheNames, writtenNames } from './programs.js';
import type { Feeds, Fetches } from './session.js';

type TensorConstructor = typeof import('onnxruntime-node').Tensor;

/** Keys and values of all self-attention layers for a batch of token trees, wherever they are. */
export interface Caches {
  /** C: slots that each tree has. */
  readonly capacity: number;
  /** Where a run attends its own rows: as `TokenForest.add` has it. */
  readonly layout: 'behind' | 'within';
  /** Comes before the feeds of a run: `used` slots are in use, and its rows will take `count` more. */
  makeReady(used: number, count: number): void | Promise<void>;
  /** What the decoder is fed of keys and values. */
  feedsFor(rows: ForestRows): Feeds;
  /** What it is to give of them, and into what. */
  readonly fetches: Fetches;
  /**
   * Takes in what a run gave.
   * @param counts for each tree how many of the rows it had
   */
  take(outputs: Feeds, rows: ForestRows, counts: readonly number[]): void;
  /** For each tree the slots (ascending) that move to the front, in their order, the others being lost; undefined where all stay. */
  compact(kept: readonly (readonly number[] | undefined)[]): void | Promise<void>;
  release(): void;
}

/** Caches in this process's memory: a run reads them, and its rows are written here. */
export class HostCaches implements Caches {
  readonly layout = 'behind';
  readonly fetches: Fetches;
  readonly #layers: readonly LayerCache[];
  #inputs: { readonly capacity: number; readonly feeds: Feeds } | undefined;

  constructor(
    private readonly Tensor: TensorConstructor,
    config: CocaConfig,
    readonly batch: number,
  ) {
    this.#layers = cacheLayers(config).map(({ heads, depth }) => new LayerCache(batch, heads, depth));
    const names = this.#layers.flatMap((_, i) => Object.values(writtenNames(i)));
    this.fetches = Object.fromEntries(names.map((name) => [name, null]));
  }

  get capacity(): number {
    return this.#layers[0]!.capacity;
  }

  makeReady(): void {
    this.#reserve(1, 0);
  }

  #reserve(needed: number, used: number): void {
    for (const layer of this.#layers) layer.reserve(needed, used);
  }

  /** Made anew only when they have grown. */
  feedsFor(): Feeds {
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

  take(outputs: Feeds, { firsts }: ForestRows, counts: readonly number[]): void {
    this.#reserve(Math.max(...firsts.map((first, entry) => first + counts[entry]!)), Math.max(...firsts));
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
