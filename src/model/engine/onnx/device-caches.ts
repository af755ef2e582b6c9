import type { Tensor } from 'onnxruntime-node';
import type { CocaConfig } from '../../config/config.js';
import type { ForestRows } from '../token-forest.js';
import type { Caches } from './caches.js';
import { GROWTH } from './key-value-cache.js';

import { cacheLayers, cacheNames, headCounts, pickedName, writtenNames } from './programs.js';
import { dispose, type Feeds, type Fetches, type OnnxSession } from './session.js';
import { SlotIndices } from './slot-indices.js';

type TensorConstructor = typeof import('onnxruntime-node').Tensor;

/** Caches in buffers of the device: what a run gives is what the next is fed, and nothing of it comes here. */
export class DeviceCaches implements Caches {
  capacity = 1;
  readonly fetches: Fetches;
  #tensors: Feeds;
  readonly #heads: readonly number[];
  readonly #slots: SlotIndices;
  readonly layout = 'within';

  readonly #batch: number;
  /** A session of `moveProgram` whose outputs stay on the device. */
  readonly #mover: OnnxSession;

  constructor(
    private readonly Tensor: TensorConstructor,
    private readonly config: CocaConfig,
    { batch, isHalf, mover }: { readonly batch: number; readonly isHalf: boolean; readonly mover: OnnxSession },
  ) {
    this.#batch = batch;
    this.#mover = mover;
    const tensors: Record<string, Tensor> = {};
    for (const [i, { heads, depth }] of cacheLayers(config).entries()) {
      for (const name of Object.values(cacheNames(i))) {
        const length = batch * heads * depth;
        const shape = [batch, heads, 1, depth];
        tensors[name] = isHalf
          ? new Tensor('float16', new Uint16Array(length), shape)
          : new Tensor('float32', new Float32Array(length), shape);
      }
    }
    this.#tensors = tensors;
    const written = cacheLayers(config).flatMap((_, i) => Object.values(writtenNames(i)));
    this.fetches = Object.fromEntries(written.map((name) => [name, null]));
    this.#heads = headCounts(config);
    this.#slots = new SlotIndices(Tensor, config, batch);
  }

  async makeReady(used: number, count: number): Promise<void> {
    const needed = used + count;
    if (needed <= this.capacity && this.capacity > 1) return;
    const kept = Array.from({ length: this.#batch }, () => undefined);
    await this.#move(Math.ceil(needed / GROWTH) * GROWTH, kept);
  }

  feedsFor({ count, firsts }: ForestRows): Feeds {
    return { ...this.#tensors, ...this.#slots.of(count, firsts) };
  }

  take(outputs: Feeds): void {
    const before = this.#tensors;
    this.#tensors = asInputs(this.config, outputs);
    dispose(before);
  }

  compact(kept: readonly (readonly number[] | undefined)[]): Promise<void> {
    return this.#move(this.capacity, kept);
  }

  /** Slot s of a tree becomes what slot kept[s] was; without a list, what s was. Slots beyond these hold what does not matter. */
  async #move(capacity: number, kept: readonly (readonly number[] | undefined)[]): Promise<void> {
    const feeds: Record<string, Tensor> = { ...this.#tensors };
    for (const heads of this.#heads) {
      const picked = new Int32Array(this.#batch * heads * capacity);
      for (let at = 0; at < picked.length; at++) {
        const slot = at % capacity;
        const plane = (at - slot) / capacity;
        const slots = kept[Math.floor(plane / heads)];
        const from = slots ? (slots[slot] ?? 0) : slot;
        picked[at] = plane * this.capacity + Math.min(from, this.capacity - 1);
      }
      feeds[pickedName(heads)] = new this.Tensor('int32', picked, [this.#batch, heads, capacity]);
    }
    const outputs = await this.#mover.run(
      feeds,
      Object.fromEntries(this.#mover.outputNames.map((name) => [name, null])),
    );
    this.take(outputs);
    this.capacity = capacity;
  }

  release(): void {
    dispose(this.#tensors);
  }
}

/** What a run wrote, as the inputs of the next. */
function asInputs(config: CocaConfig, outputs: Feeds): Feeds {
  const pairs = cacheLayers(config).flatMap((_, i) => [
    [cacheNames(i).keys, outputs[writtenNames(i).keys]!] as const,
    [cacheNames(i).values, outputs[writtenNames(i).values]!] as const,
  ]);
  return Object.fromEntries(pairs);
}
