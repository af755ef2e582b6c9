import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { softmaxCrossEntropy } from '../engine/tfjs/functions/cross-entropy.js';
import { differentiable, type TensorFlow } from '../engine/tfjs/tensorflow.js';

/** The largest logit_scale: similarities are never multiplied by more than 100 (CLIP, section 2.5). */
export const MAX_LOGIT_SCALE = Math.log(100);

export interface Contrast {
  readonly loss: Scalar;
  /** Its gradients: [B, E], [B, E] and a scalar. */
  readonly byImages: Tensor;
  readonly byTexts: Tensor;
  readonly byLogitScale: Tensor;
}

/**
 * The contrastive loss of CoCa (equation 2), with a learned temperature: images are told from each other by their text,
 * and texts by their image; the mean of both cross-entropies.
 * @param images, texts [B, E] of unit length, entry i of one belonging to entry i of the other
 * @param logitScale the logarithm of what cosines are multiplied by
 */
export function contrast(tf: TensorFlow, images: Tensor, texts: Tensor, logitScale: Tensor): Contrast {
  const batch = images.shape[0]!;
  const scale = tf.exp(tf.reshape(logitScale, []));
  const logits = tf.mul(tf.matMul(images, texts, false, true), scale); // [B, B]
  const own = Int32Array.from({ length: batch }, (_, i) => i);
  const textOfImage = softmaxCrossEntropy(tf, logits, own);
  const imageOfText = softmaxCrossEntropy(tf, tf.transpose(logits), own);
  const byLogits = tf.div(tf.add(textOfImage.gradient, tf.transpose(imageOfText.gradient)), 2 * batch);
  const byCosines = tf.mul(byLogits, scale);
  return {
    loss: tf.div(tf.add(textOfImage.loss, imageOfText.loss), 2 * batch),
    byImages: tf.matMul(byCosines, texts),
    byTexts: tf.matMul(byCosines, images, true, false),
    byLogitScale: tf.sum(tf.mul(byLogits, logits)),
  };
}

/** `contrast` as a function of all three. */
export function contrastiveLoss(tf: TensorFlow, images: Tensor, texts: Tensor, logitScale: Tensor): Scalar {
  return differentiable(tf, [images, texts, logitScale], (save) => {
    const { loss, byImages, byTexts, byLogitScale } = contrast(tf, images, texts, logitScale);
    save([byImages, byTexts, tf.reshape(byLogitScale, logitScale.shape)]);
    return { value: loss, gradient: (dy, saved) => saved.map((gradient) => tf.mul(gradient, dy)) };
  }) as Scalar;
}
