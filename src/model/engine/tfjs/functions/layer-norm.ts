import type { Tensor } from '@tensorflow/tfjs-core';
import { differentiable, type TensorFlow } from '../tensorflow.js';
import { sumOfRows } from './product.js';

/** Layer normalisation over the last axis: x [..., W], weight and bias [W]. */
export function layerNorm(tf: TensorFlow, x: Tensor, weight: Tensor, bias: Tensor, epsilon: number): Tensor {
  return differentiable(tf, [x, weight, bias], (save) => {
    const centred = tf.sub(x, tf.mean(x, -1, true));
    const variance = tf.mean(tf.square(centred), -1, true);
    const scale = tf.rsqrt(tf.add(variance, epsilon)); // [..., 1]
    const normed = tf.mul(centred, scale);
    save([normed, scale, weight]);
    return {
      value: tf.add(tf.mul(normed, weight), bias),
      // With g = dy weight: dx = scale (g - mean(g) - normed mean(g normed)).
      gradient: (dy, [n, s, w]) => {
        const g = tf.mul(dy, w!);
        const along = tf.mean(tf.mul(g, n!), -1, true);
        const dx = tf.mul(tf.sub(tf.sub(g, tf.mean(g, -1, true)), tf.mul(n!, along)), s!);
        return [dx, sumOfRows(tf, tf.mul(dy, n!)), sumOfRows(tf, dy)];
      },
    };
  });
}
