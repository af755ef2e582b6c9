import type { Tensor } from '@tensorflow/tfjs-core';
import type { Activation } from '../../../config/config.js';
import { differentiable, type TensorFlow } from '../tensorflow.js';

/** What an MLP has between its two layers. */
export function activate(tf: TensorFlow, x: Tensor, activation: Activation): Tensor {
  return { gelu, gelu_tanh: tanhGelu, quick_gelu: quickGelu }[activation](tf, x);
}

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

/** x (1 + tanh(u)) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3): PyTorch's GELU with `approximate="tanh"`. */
export function tanhGelu(tf: TensorFlow, x: Tensor): Tensor {
  const root = Math.sqrt(2 / Math.PI);
  return differentiable(tf, [x], (save) => {
    const cubic = tf.add(tf.mul(tf.square(x), 0.044715), 1);
    const tanh = tf.tanh(tf.mul(tf.mul(x, cubic), root));
    const half = tf.mul(tf.add(tanh, 1), 0.5);
    save([x, tanh, half]);
    return {
      value: tf.mul(x, half),
      // half + x (1 - tanh^2) u' / 2
      gradient: (dy, [savedX, t, h]) => {
        const inner = tf.mul(tf.add(tf.mul(tf.square(savedX!), 3 * 0.044715), 1), root / 2);
        const bend = tf.mul(tf.mul(savedX!, tf.sub(1, tf.square(t!))), inner);
        return [tf.mul(dy, tf.add(h!, bend))];
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
