import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { along, weightedSum } from '../engine/tfjs/functions/arithmetic.js';
import type { TensorFlow } from '../engine/tfjs/tensorflow.js';
import { countsOf, type TrainingBatch } from './batch.js';
import type { Forward, TrainingModel } from './forward.js';
import { type Contrast, contrast, contrastiveLoss } from './losses.js';
import type { LossName, Objective } from './objective.js';
import { Sums } from './sums.js';

/** Of a whole batch. All tensors are the receiver's to dispose. */
export interface BatchGradients {
  /** Means, unweighted; one that was left out is missing. */
  readonly losses: ReadonlyMap<LossName, Tensor>;
  /** Of the weighted sum, by parameter; one on which no loss depends is missing. */
  readonly gradients: ReadonlyMap<string, Tensor>;
}

export interface GradientsInput {
  readonly model: TrainingModel;
  readonly objective: Objective;
  readonly logitScale: Variable;
  /** What to differentiate by. */
  readonly trainable: ReadonlyMap<string, Variable>;
}

/**
 * Losses of a batch and their gradients. A batch may come in several pieces, to need less memory, and counts as one:
 * contrastive learning tells every picture from the texts of all the others. For that the embeddings of all pieces are
 * computed first, without gradients; the loss is differentiated by them, and each piece is run again to carry those
 * gradients on into the towers (what OpenCLIP's --accum-freq does; Gao et al. 2021, "Scaling Deep Contrastive Learning
 * Batch Size under Memory Limited Setup").
 */
export function batchGradients(
  tf: TensorFlow,
  pieces: readonly TrainingBatch[],
  input: GradientsInput,
): BatchGradients {
  const { model, objective, logitScale, trainable } = input;
  const { tokens, pictures } = countsOf(pieces);
  const whole = objective.contrastive > 0 && pieces.length > 1 ? wholeContrast(tf, pieces, input) : undefined;
  const losses = new Sums<LossName>(tf);
  const gradients = new Sums<string>(tf);

  let first = 0;
  for (const piece of pieces) {
    const weightedLoss = (): Scalar => {
      const forward = model.run(piece, objective);
      const terms: [Tensor, weight: number][] = [];
      const add = (name: LossName, sum: Tensor, count: number) => {
        losses.add(name, tf.div(sum, count));
        terms.push([sum, objective[name] / count]);
      };
      if (forward.captions) add('captioning', forward.captions, tokens);
      if (forward.classes) add('classification', forward.classes, pictures);
      if (whole) {
        const range = [first, first + piece.contexts.length] as const;
        terms.push(
          ...carriedOn(tf, forward, whole, range).map((term) => [term, objective.contrastive] as [Tensor, number]),
        );
      } else if (forward.texts && objective.contrastive > 0) {
        add('contrastive', contrastiveLoss(tf, forward.images, forward.texts, logitScale), 1);
      }
      return weightedSum(tf, terms);
    };
    tf.tidy(() => {
      const { grads } = tf.variableGrads(weightedLoss, [...trainable.values()]);
      for (const [name, variable] of trainable) gradients.add(name, grads[variable.name]);
    });
    first += piece.contexts.length;
  }
  if (whole) {
    losses.add('contrastive', whole.loss);
    if (trainable.has('logit_scale')) {
      gradients.add('logit_scale', tf.mul(tf.reshape(whole.byLogitScale, logitScale.shape), objective.contrastive));
    }
  }
  return { losses: losses.values, gradients: gradients.values };
}

/** The contrast of all pieces together, from embeddings that are computed for it alone. */
function wholeContrast(tf: TensorFlow, pieces: readonly TrainingBatch[], input: GradientsInput): Contrast {
  const embedded = pieces.map((piece) => tf.tidy(() => ({ ...input.model.embed(piece) })));
  const images = tf.concat(embedded.map((piece) => piece.images));
  const texts = tf.concat(embedded.map((piece) => piece.texts));
  return contrast(tf, images, texts, input.logitScale);
}

/** Scalars that have, by the embeddings of pictures and texts [from, to), the gradient of the whole batch's contrast. */
function carriedOn(
  tf: TensorFlow,
  forward: Forward,
  { byImages, byTexts }: Contrast,
  [from, to]: readonly [number, number],
): readonly Scalar[] {
  const part = (gradient: Tensor) => tf.slice(gradient, from, to - from);
  return [along(tf, forward.images, part(byImages)), along(tf, forward.texts!, part(byTexts))];
}
