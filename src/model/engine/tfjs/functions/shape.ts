import type { Tensor } from '@tensorflow/tfjs-core';
import { differentiable, type TensorFlow } from '../tensorflow.js';

// TensorFlow.js ships its gradients only with packages that this program does without, and they hold on to tensors of
// which they need no more than the shape; so even what only moves numbers about has its gradient here.

export function reshape(tf: TensorFlow, x: Tensor, shape: readonly number[]): Tensor {
  return differentiable(tf, [x], () => ({
    value: tf.reshape(x, [...shape]),
    gradient: (dy) => [tf.reshape(dy, x.shape)],
  }));
}

/** [..., W] -> [M, W] */
export function rowsOf(tf: TensorFlow, x: Tensor): Tensor {
  return x.rank === 2 ? x : reshape(tf, x, [-1, x.shape.at(-1)!]);
}

export function transpose(tf: TensorFlow, x: Tensor, permutation: readonly number[]): Tensor {
  const back = permutation.map((_, axis) => permutation.indexOf(axis));
  return differentiable(tf, [x], () => ({
    value: tf.transpose(x, [...permutation]),
    gradient: (dy) => [tf.transpose(dy, back)],
  }));
}

/** Entries [start, end) along one axis. */
export function sliceAxis(tf: TensorFlow, x: Tensor, axis: number, start: number, end: number): Tensor {
  const { shape } = x;
  if (start === 0 && end === shape[axis]) return x;
  return differentiable(tf, [x], () => ({
    value: tf.slice(
      x,
      shape.map((_, i) => (i === axis ? start : 0)),
      shape.map((size, i) => (i === axis ? end - start : size)),
    ),
    gradient: (dy) => [
      tf.pad(
        dy,
        shape.map((size, i) => (i === axis ? [start, size - end] : [0, 0])),
      ),
    ],
  }));
}

/** Two tensors one after the other along an axis. */
export function concat(tf: TensorFlow, a: Tensor, b: Tensor, axis: number): Tensor {
  const sizes = [a.shape[axis]!, b.shape[axis]!];
  return differentiable(tf, [a, b], () => ({
    value: tf.concat([a, b], axis),
    gradient: (dy) => tf.split(dy, sizes, axis),
  }));
}

/** The entries of the first axis, two at least, each as a tensor. */
export function unstack(tf: TensorFlow, x: Tensor): Tensor[] {
  if (tf.getGradient(tf.Unpack) === undefined) {
    tf.registerGradient({ kernelName: tf.Unpack, gradFunc: (dy) => ({ value: () => tf.stack(dy as Tensor[]) }) });
  }
  return tf.unstack(x);
}
