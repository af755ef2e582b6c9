import type { Tensor } from '@tensorflow/tfjs-core';
import { differentiable, type TensorFlow } from '../tensorflow.js';
import { reshape, transpose, unstack } from './shape.js';

export interface Heads {
  /** [B, H, N, D] */
  readonly query: Tensor;
  /** [B, H, M, D] */
  readonly keys: Tensor;
  /** [B, H, M, D] */
  readonly values: Tensor;
  /** [B or 1, 1, N, M], added to the scores; a constant. */
  readonly mask?: Tensor | undefined;
}

/** softmax(Q K^T / sqrt(D) + mask): [B, H, N, M]. Not to be differentiated. */
export function attentionProbabilities(tf: TensorFlow, { query, keys, mask }: Omit<Heads, 'values'>): Tensor {
  const scores = tf.matMul(tf.mul(query, query.shape.at(-1)! ** -0.5), keys, false, true);
  return tf.softmax(mask ? tf.add(scores, mask) : scores);
}

/** softmax(Q K^T / sqrt(D) + mask) V: [B, H, N, D]. */
export function attend(tf: TensorFlow, heads: Heads): Tensor {
  const { query, keys, values } = heads;
  const scale = query.shape.at(-1)! ** -0.5;
  return differentiable(tf, [query, keys, values], (save) => {
    const probabilities = attentionProbabilities(tf, heads);
    const output = tf.matMul(probabilities, values);
    save([query, keys, values, probabilities, output]);
    return {
      value: output,
      gradient: (dy, [q, k, v, p, y]) => {
        // Through the softmax: p (dp - sum(dp p)), where that sum is dy . y, which is the shorter one.
        const along = tf.sum(tf.mul(dy, y!), -1, true); // [B, H, N, 1]
        const dScores = tf.mul(p!, tf.sub(tf.matMul(dy, v!, false, true), along)); // [B, H, N, M]
        return [
          tf.mul(tf.matMul(dScores, k!), scale),
          tf.matMul(dScores, tf.mul(q!, scale), true, false),
          tf.matMul(p!, dy, true, false),
        ];
      },
    };
  });
}

/** [B, N, W] -> [B, H, N, D] */
export function splitHeads(tf: TensorFlow, x: Tensor, heads: number): Tensor {
  const [batch, n, width] = x.shape as [number, number, number];
  return transpose(tf, reshape(tf, x, [batch, n, heads, width / heads]), [0, 2, 1, 3]);
}

/** [B, H, N, D] -> [B, N, W] */
export function joinHeads(tf: TensorFlow, x: Tensor): Tensor {
  const [batch, heads, n, depth] = x.shape as [number, number, number, number];
  return reshape(tf, transpose(tf, x, [0, 2, 1, 3]), [batch, n, heads * depth]);
}

/** Projections side by side, [B, N, parts x W], each as heads: [B, H, N, D], with one transposition for all. */
export function splitProjections(tf: TensorFlow, x: Tensor, parts: number, heads: number): Tensor[] {
  if (parts === 1) return [splitHeads(tf, x, heads)];
  const [batch, n, width] = x.shape as [number, number, number];
  const apart = reshape(tf, x, [batch, n, parts, heads, width / (parts * heads)]);
  return unstack(tf, transpose(tf, apart, [2, 0, 3, 1, 4]));
}
