import type { Tensor } from '@tensorflow/tfjs-core';

/** The TensorFlow.js API. Each backend may bring its own copy of it, so it is passed on, never imported. */
export type TensorFlow = typeof import('@tensorflow/tfjs-core');

/**
 * A function with a gradient of our own. Inside `forward` nothing is recorded, so it may use as many operations as it
 * likes; only what it saves is kept for the gradient.
 * @param inputs what is differentiated; anything else that `forward` uses counts as constant
 * @param forward computes the value, and says how the gradient of every input follows from that of the value, `dy`
 */
export function differentiable(
  tf: TensorFlow,
  inputs: readonly Tensor[],
  forward: (save: (tensors: Tensor[]) => void) => {
    readonly value: Tensor;
    readonly gradient: (dy: Tensor, saved: readonly Tensor[]) => Tensor[];
  },
): Tensor {
  return tf.customGrad((...args) => {
    const { value, gradient } = forward(args[inputs.length] as unknown as (tensors: Tensor[]) => void);
    return { value, gradFunc: gradient as (dy: Tensor, saved: Tensor[]) => Tensor[] };
  })(...inputs);
}
