import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { differentiable, type TensorFlow } from '../tensorflow.js';
import { oneHot } from './embedding.js';

/**
 * The sum over rows of -sum_v target_v log softmax(logits)_v, and its gradient softmax(logits) - target.
 * @param logits [M, V]
 * @param labels [M]
 * @param smoothing part of each row's target that is spread evenly over all V (Szegedy et al. 2016, section 7)
 */
export function softmaxCrossEntropy(
  tf: TensorFlow,
  logits: Tensor,
  labels: Int32Array,
  smoothing = 0,
): { readonly loss: Scalar; readonly gradient: Tensor } {
  const size = logits.shape[1]!;
  const shifted = tf.sub(logits, tf.max(logits, -1, true));
  const exponentials = tf.exp(shifted);
  const totals = tf.sum(exponentials, -1, true); // [M, 1]
  const places = labels.map((label, row) => row * size + label);
  const ofLabels = tf.sum(tf.gather(tf.reshape(shifted, [-1]), tf.tensor1d(places, 'int32')));
  const spread = smoothing / size;
  const mixed = (ofLabel: Tensor, ofAll: () => Tensor | number): Tensor =>
    smoothing === 0 ? ofLabel : tf.add(tf.mul(ofLabel, 1 - smoothing), tf.mul(ofAll(), spread));
  const target = mixed(oneHot(tf, labels, size), () => 1);
  return {
    loss: tf.sub(
      tf.sum(tf.log(totals)),
      mixed(ofLabels, () => tf.sum(shifted)),
    ),
    gradient: tf.sub(tf.div(exponentials, totals), target),
  };
}

/** `softmaxCrossEntropy` as a function of the logits. */
export function crossEntropy(tf: TensorFlow, logits: Tensor, labels: Int32Array, smoothing = 0): Scalar {
  return differentiable(tf, [logits], (save) => {
    const { loss, gradient } = softmaxCrossEntropy(tf, logits, labels, smoothing);
    save([gradient]);
    return { value: loss, gradient: (dy, [slope]) => [tf.mul(slope!, dy)] };
  }) as Scalar;
}
