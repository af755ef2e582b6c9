import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { CocaError } from '../base/errors.js';
import { along, weightedSum } from '../engine/tfjs/functions/arithmetic.js';
import type { TensorFlow } from '../engine/tfjs/tensorflow.js';
import { countsOf, described, type TrainingBatch } from './batch.js';
import type { Contrasted, TrainingModel } from './forward.js';
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
 * @throws CocaError `bad-data` for a batch of questions alone, where a contrastive loss is asked for
 */
export function batchGradients(
  tf: TensorFlow,
  pieces: readonly TrainingBatch[],
  input: GradientsInput,
): BatchGradients {
  const { model, objective, logitScale, trainable } = input;
  const { tokens, pictures } = countsOf(pieces);
  if (objective.contrastive > 0 && pieces.every((piece) => described(piece).length === 0)) {
    throw new CocaError(
      'bad-data',
      'a batch of questions alone: they have no part in the contrastive loss',
      'train with --objective captioning, or with captions beside them',
    );
  }
  const whole = objective.contrastive > 0 && pieces.length > 1 ? wholeContrast(tf, pieces, input) : undefined;
  const losses = new Sums<LossName>(tf);
  const gradients = new Sums<string>(tf);

  let first = 0;
  for (const piece of pieces) {
    const count = described(piece).length;
    // Questions have no part in a contrastive loss, and where there is no other they change nothing.
    if (count === 0 && objective.captioning === 0 && objective.classification === 0) continue;
    const weightedLoss = (): Scalar => {
      const forward = model.run(piece, objective);
      const terms: [Tensor, weight: number][] = [];
      const add = (name: LossName, sum: Tensor, over: number) => {
        losses.add(name, tf.div(sum, over));
        terms.push([sum, objective[name] / over]);
      };
      if (forward.captions) add('captioning', forward.captions, tokens);
      if (forward.classes) add('classification', forward.classes, pictures);
      const { contrasted } = forward;
      if (whole && contrasted) {
        const carried = carriedOn(tf, contrasted, whole, first);
        terms.push(...carried.map((term) => [term, objective.contrastive] as [Tensor, number]));
      } else if (contrasted) {
        add('contrastive', contrastiveLoss(tf, contrasted.images, contrasted.texts, logitScale), 1);
      }
      return weightedSum(tf, terms);
    };
    tf.tidy(() => {
      const { grads } = tf.variableGrads(weightedLoss, [...trainable.values()]);
      for (const [name, variable] of trainable) gradients.add(name, grads[variable.name]);
    });
    first += count;
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
  const describing = pieces.filter((piece) => described(piece).length > 0);
  const embedded = describing.map((piece) => tf.tidy(() => ({ ...input.model.embed(piece) })));
  const images = tf.concat(embedded.map((piece) => piece.images));
  const texts = tf.concat(embedded.map((piece) => piece.texts));
  return contrast(tf, images, texts, input.logitScale);
}

/** Scalars that have, by the embeddings of a piece, which begin at `from` of all, the gradient of the whole batch's contrast. */
function carriedOn(
  tf: TensorFlow,
  { images, texts }: Contrasted,
  { byImages, byTexts }: Contrast,
  from: number,
): readonly Scalar[] {
  const part = (gradient: Tensor) => tf.slice(gradient, from, images.shape[0]!);
  return [along(tf, images, part(byImages)), along(tf, texts, part(byTexts))];
}
