import type { Tensor } from '@tensorflow/tfjs-core';
import { differentiable, type TensorFlow } from '../tensorflow.js';
import { product } from './product.js';

/**
 * Rows of a table: ids [...] (int32), table [V, W] -> [..., W].
 * @param values the ids as the caller has them, for the gradient
 */
export function embedding(tf: TensorFlow, ids: Tensor, values: Int32Array, table: Tensor): Tensor {
  return differentiable(tf, [table], () => ({
    value: tf.gather(table, ids),
    gradient: (dy) => [sumByRow(tf, tf.reshape(dy, [-1, table.shape[1]!]), values, table.shape[0]!)],
  }));
}

/**
 * Rows of x [M, W] added up by where they belong: row i to row `targets[i]` of the result [size, W]. Not every backend
 * can scatter: few distinct targets are added up by a product with a one-hot matrix, then gathered to their places.
 */
function sumByRow(tf: TensorFlow, x: Tensor, targets: Int32Array, size: number): Tensor {
  const distinct = [...new Set(targets)];
  const depth = Math.max(2, distinct.length); // a one-hot matrix needs two columns
  const slots = new Int32Array(size).fill(depth); // a row of zeros, unless
  for (const [slot, target] of distinct.entries()) slots[target] = slot;
  const slotOf = targets.map((target) => slots[target]!);
  const members = oneHot(tf, slotOf, depth); // [M, depth]
  const sums = product(tf, members, x, { transposeA: true });
  return tf.gather(tf.concat([sums, tf.zeros([1, x.shape[1]!])]), tf.tensor1d(slots, 'int32'));
}

/** Rows of zeros with a one at each label: [M, size]. Made of whole numbers: the wasm backend makes no others. */
export function oneHot(tf: TensorFlow, labels: Int32Array, size: number): Tensor {
  return tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), size), 'float32');
}

/** Some rows of x [M, W], each at most once: [rows.length, W]. */
export function pickRows(tf: TensorFlow, x: Tensor, rows: Int32Array): Tensor {
  return differentiable(tf, [x], () => ({
    value: tf.gather(x, tf.tensor1d(rows, 'int32')),
    gradient: (dy) => {
      const sources = new Int32Array(x.shape[0]!).fill(rows.length); // a row of zeros, unless picked
      for (const [i, row] of rows.entries()) sources[row] = i;
      return [tf.gather(tf.concat([dy, tf.zeros([1, x.shape[1]!])]), tf.tensor1d(sources, 'int32'))];
    },
  }));
}

/** x [N, W] for each entry of a batch: [B, N, W]. */
export function repeat(tf: TensorFlow, x: Tensor, batch: number): Tensor {
  return differentiable(tf, [x], () => ({
    value: tf.tile(tf.expandDims(x, 0), [batch, 1, 1]),
    gradient: (dy) => [tf.sum(dy, 0)],
  }));
}
