import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { nativeOps } from '../native.js';
import { differentiable, type TensorFlow } from '../tensorflow.js';
import { sumOfRows } from './product.js';

/** a + b, with b broadcast over the leading axes of a. */
export function add(tf: TensorFlow, a: Tensor, b: Tensor): Tensor {
  return differentiable(tf, [a, b], () => ({
    value: tf.add(a, b),
    gradient: (dy) => [dy, broadcastBack(tf, dy, b.shape)],
  }));
}

/** a b elementwise, with b broadcast over the leading axes of a. */
export function multiply(tf: TensorFlow, a: Tensor, b: Tensor): Tensor {
  return differentiable(tf, [a, b], (save) => {
    save([a, b]);
    return {
      value: tf.mul(a, b),
      gradient: (dy, [x, y]) => [tf.mul(dy, y!), broadcastBack(tf, tf.mul(dy, x!), b.shape)],
    };
  });
}

/** The gradient of what was broadcast over leading axes: the sum over them. */
function broadcastBack(tf: TensorFlow, dy: Tensor, shape: number[]): Tensor {
  const size = shape.reduce((product, side) => product * side, 1);
  return tf.reshape(dy.size === size ? dy : sumOfRows(tf, tf.reshape(dy, [-1, size])), shape);
}

/** Scalars, each times its weight, added up. */
export function weightedSum(tf: TensorFlow, terms: readonly (readonly [Tensor, weight: number])[]): Scalar {
  const scalars = terms.map(([scalar]) => scalar);
  return differentiable(tf, scalars, () => ({
    value: tf.addN(terms.map(([scalar, weight]) => tf.mul(scalar, weight))),
    gradient: (dy) => terms.map(([, weight]) => tf.mul(dy, weight)),
  })) as Scalar;
}

/** The sum of x times a constant of its shape, elementwise: a scalar whose gradient is that constant. */
export function along(tf: TensorFlow, x: Tensor, direction: Tensor): Scalar {
  return differentiable(tf, [x], (save) => {
    save([direction]);
    return { value: tf.sum(tf.mul(x, direction)), gradient: (dy, [saved]) => [tf.mul(saved!, dy)] };
  }) as Scalar;
}

/** The Euclidean norm of some tensors together: a scalar. Not to be differentiated. */
export function norm(tf: TensorFlow, tensors: readonly Tensor[]): Tensor {
  const native = nativeOps(tf);
  const halves = tensors.map((tensor) => native?.halfSquares(tensor) ?? tf.mul(tf.sum(tf.square(tensor)), 0.5));
  return tf.sqrt(tf.mul(tf.addN(halves), 2));
}

/** The mean over the second axis: [B, N, W] -> [B, W]. */
export function meanRows(tf: TensorFlow, x: Tensor): Tensor {
  const n = x.shape[1]!;
  return differentiable(tf, [x], () => ({
    value: tf.mean(x, 1),
    gradient: (dy) => [tf.tile(tf.expandDims(tf.div(dy, n), 1), [1, n, 1])],
  }));
}

/** x / max(||x||, 1e-12) over the last axis. */
export function l2Normalize(tf: TensorFlow, x: Tensor): Tensor {
  return differentiable(tf, [x], (save) => {
    const length = tf.maximum(tf.sqrt(tf.sum(tf.square(x), -1, true)), 1e-12);
    const value = tf.div(x, length);
    save([value, length]);
    return {
      value,
      // What would only change the length is left out.
      gradient: (dy, [y, l]) => [tf.div(tf.sub(dy, tf.mul(y!, tf.sum(tf.mul(dy, y!), -1, true))), l!)],
    };
  });
}

/** The sum over the last axis: [..., W] -> [...]. */
export function sumLast(tf: TensorFlow, x: Tensor): Tensor {
  return differentiable(tf, [x], () => ({
    value: tf.sum(x, -1),
    gradient: (dy) => [tf.mul(tf.expandDims(dy, -1), tf.onesLike(x))],
  }));
}
