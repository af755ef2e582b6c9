import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { TensorFlow } from '../engine/tfjs/tensorflow.js';

/** Hyper-parameters of AdamW (Loshchilov and Hutter 2019). */
export interface AdamWOptions {
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  /** Decoupled: a step shrinks weights by learning rate x this. */
  readonly weightDecay: number;
}

/** What the optimiser remembers of one parameter. */
export interface Moments {
  /** Running mean of the gradient. */
  readonly first: Variable;
  /** Running mean of its square. */
  readonly second: Variable;
}

export interface Update {
  readonly parameter: Variable;
  readonly moments: Moments;
  readonly gradient: Tensor;
  readonly decays: boolean;
}

/**
 * One step of AdamW, as PyTorch computes it.
 * @param step how many steps there were before
 * @param scale what gradients are multiplied by: below 1 where they are clipped
 */
export function adamW(
  tf: TensorFlow,
  updates: readonly Update[],
  { betas: [beta1, beta2], epsilon, weightDecay }: AdamWOptions,
  { step, learningRate, scale }: { readonly step: number; readonly learningRate: number; readonly scale: number },
): void {
  tf.tidy(() => {
    const correction1 = 1 - beta1 ** (step + 1);
    const correction2 = Math.sqrt(1 - beta2 ** (step + 1));
    // m / correction1 / (sqrt(v) / correction2 + epsilon), with fewer operations on whole tensors.
    const constants = {
      beta1: tf.scalar(beta1),
      beta2: tf.scalar(beta2),
      fresh1: tf.scalar((1 - beta1) * scale),
      fresh2: tf.scalar((1 - beta2) * scale * scale),
      epsilon: tf.scalar(epsilon * correction2),
      rate: tf.scalar((learningRate * correction2) / correction1),
      kept: tf.scalar(1 - learningRate * weightDecay),
    };
    for (const { parameter, moments, gradient, decays } of updates) {
      tf.tidy(() => {
        const first = tf.add(tf.mul(moments.first, constants.beta1), tf.mul(gradient, constants.fresh1));
        const second = tf.add(tf.mul(moments.second, constants.beta2), tf.mul(tf.square(gradient), constants.fresh2));
        const change = tf.div(tf.mul(first, constants.rate), tf.add(tf.sqrt(second), constants.epsilon));
        const kept = decays && weightDecay !== 0 ? tf.mul(parameter, constants.kept) : parameter;
        moments.first.assign(first);
        moments.second.assign(second);
        parameter.assign(tf.sub(kept, change));
      });
    }
  });
}
