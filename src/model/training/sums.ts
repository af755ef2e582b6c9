import type { Tensor } from '@tensorflow/tfjs-core';
import type { TensorFlow } from '../engine/tfjs/tensorflow.js';

/** Tensors added up by name, which outlive the scope they were made in. */
export class Sums<K> {
  readonly #sums = new Map<K, Tensor>();

  constructor(private readonly tf: TensorFlow) {}

  get values(): ReadonlyMap<K, Tensor> {
    return this.#sums;
  }

  add(name: K, value: Tensor | undefined): void {
    if (value === undefined) return;
    const { tf } = this;
    const before = this.#sums.get(name);
    this.#sums.set(name, tf.keep(before ? tf.add(before, value) : tf.clone(value)));
    before?.dispose();
  }
}
