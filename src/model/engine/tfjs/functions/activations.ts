import type { Tensor } from '@tensorflow/tfjs-core';
import { differentiable, type TensorFlow } from '../tensorflow.js';

/** x Phi(x), with Phi the normal distribution's cumulative function. */
export function gelu(tf: TensorFlow, x: Tensor): Tensor {
  return differentiable(tf, [x], (save) => {
    const cumulative = tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
    save([x, cumulative]);
    return {
      value: tf.mul(x, cumulative),
      // Phi(x) + x phi(x)
      gradient: (dy, [savedX, phi]) => {
        const density = tf.exp(tf.mul(tf.square(savedX!), -0.5));
        const slope = tf.mul(tf.mul(savedX!, 1 / Math.sqrt(2 * Math.PI)), density);
        return [tf.mul(dy, tf.add(phi!, slope))];
      },
    };
  });
}

/** x sigmoid(1.702 x). */
export function quickGelu(tf: TensorFlow, x: Tensor): Tensor {
  return differentiable(tf, [x], (save) => {
    const gate = tf.sigmoid(tf.mul(x, 1.702));
    const value = tf.mul(x, gate);
    save([gate, value]);
    return {
      value,
      // gate + 1.702 x gate (1 - gate)
      gradient: (dy, [g, y]) => [tf.mul(dy, tf.add(g!, tf.mul(tf.mul(y!, 1.702), tf.sub(1, g!))))],
    };
  });
}
