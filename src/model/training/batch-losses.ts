import type { Tensor } from '@tensorflow/tfjs-core';
import type { TensorFlow } from '../engine/tfjs/tensorflow.js';
import { countsOf, type TrainingBatch } from './batch.js';
import type { GradientsInput } from './gradients.js';
import { contrastiveLoss } from './losses.js';
import type { LossName } from './objective.js';
import { Sums } from './sums.js';

/**
 * Losses of a batch without their gradients, each piece through the model once: what is asked of data that is not
 * trained on; of questions alone there is no contrastive one. All tensors are the receiver's to dispose.
 */
export function batchLosses(
  tf: TensorFlow,
  pieces: readonly TrainingBatch[],
  { model, objective, logitScale }: Omit<GradientsInput, 'trainable'>,
): ReadonlyMap<LossName, Tensor> {
  const { tokens, pictures } = countsOf(pieces);
  const losses = new Sums<LossName>(tf);
  tf.tidy(() => {
    const [images, texts]: [Tensor[], Tensor[]] = [[], []];
    for (const piece of pieces) {
      // Of a piece only this is kept.
      const forward = tf.tidy(() => {
        const { contrasted, ...sums } = model.run(piece, objective);
        return { ...sums, ...contrasted };
      });
      if (forward.images) images.push(forward.images);
      if (forward.texts) texts.push(forward.texts);
      if (forward.captions) losses.add('captioning', tf.div(forward.captions, tokens));
      if (forward.classes) losses.add('classification', tf.div(forward.classes, pictures));
    }
    if (images.length > 0) {
      losses.add('contrastive', contrastiveLoss(tf, tf.concat(images), tf.concat(texts), logitScale));
    }
  });
  return losses.values;
}
