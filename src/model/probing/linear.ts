import { CocaError } from '../base/errors.js';
import { minimise } from './lbfgs.js';

/** A layer on features of D numbers: logits are weight x + bias. */
export interface LinearLayer {
  /** [K, D], row-major. */
  readonly weight: Float32Array;
  /** [K] */
  readonly bias: Float32Array;
}

/** Of the mean cross-entropy: a tenth of what scikit-learn stops at. */
const TOLERANCE = 1e-5;
const MOST_STEPS = 500;

/**
 * Multinomial logistic regression on standardised features, by L-BFGS: the least of 1/2 ||W||^2 + C x the sum of cross-entropies, the
 * bias free; scikit-learn's `make_pipeline(StandardScaler(), LogisticRegression(C=c))`. The scaling is folded into the layer.
 * @param features N vectors of D numbers
 * @param labels N classes, from 0 to `classes` - 1; a class without an example only loses probability
 * @throws CocaError `diverged` for features that are not finite; `interrupted`
 */
export async function fitLinear(
  features: readonly Float32Array[],
  labels: readonly number[],
  classes: number,
  c: number,
  signal?: AbortSignal,
): Promise<LinearLayer> {
  const width = features[0]!.length;
  const { rows, means, scales } = standardised(features);
  const count = features.length;
  const logits = new Float64Array(classes);
  // The mean rather than the sum, so that the tolerance means the same for any number of examples.
  const penalty = 1 / (c * count);
  const loss = (at: Float64Array, into: Float64Array): number => {
    into.fill(0);
    let sum = 0;
    for (let n = 0; n < count; n++) {
      const x = n * width;
      for (let k = 0; k < classes; k++) {
        const w = k * (width + 1);
        let logit = at[w + width]!;
        for (let j = 0; j < width; j++) logit += at[w + j]! * rows[x + j]!;
        logits[k] = logit;
      }
      const highest = logits.reduce((most, one) => Math.max(most, one), Number.NEGATIVE_INFINITY);
      let total = 0;
      for (let k = 0; k < classes; k++) total += Math.exp(logits[k]! - highest);
      const label = labels[n]!;
      sum += Math.log(total) + highest - logits[label]!;
      for (let k = 0; k < classes; k++) {
        const wrong = (Math.exp(logits[k]! - highest) / total - (k === label ? 1 : 0)) / count;
        const w = k * (width + 1);
        for (let j = 0; j < width; j++) into[w + j]! += wrong * rows[x + j]!;
        into[w + width]! += wrong;
      }
    }
    let squares = 0;
    for (let k = 0; k < classes; k++) {
      for (let j = 0; j < width; j++) {
        const i = k * (width + 1) + j;
        squares += at[i]! ** 2;
        into[i]! += penalty * at[i]!;
      }
    }
    return sum / count + (penalty / 2) * squares;
  };
  const { at, value } = await minimise(new Float64Array(classes * (width + 1)), loss, {
    tolerance: TOLERANCE,
    steps: MOST_STEPS,
    signal,
  });
  if (!Number.isFinite(value)) {
    throw new CocaError('diverged', 'the linear head has no finite solution', 'the features are not finite');
  }
  const layer = { weight: new Float32Array(classes * width), bias: new Float32Array(classes) };
  for (let k = 0; k < classes; k++) {
    let bias = at[k * (width + 1) + width]!;
    for (let j = 0; j < width; j++) {
      const weight = at[k * (width + 1) + j]! / scales[j]!;
      layer.weight[k * width + j] = weight;
      bias -= weight * means[j]!;
    }
    layer.bias[k] = bias;
  }
  return layer;
}

/** Features less their mean, over their standard deviation; what does not vary is left at 0. */
function standardised(features: readonly Float32Array[]) {
  const width = features[0]!.length;
  const count = features.length;
  const means = new Float64Array(width);
  const scales = new Float64Array(width);
  for (const row of features) for (let j = 0; j < width; j++) means[j]! += row[j]!;
  for (let j = 0; j < width; j++) means[j]! /= count;
  for (const row of features) for (let j = 0; j < width; j++) scales[j]! += (row[j]! - means[j]!) ** 2 / count;
  for (let j = 0; j < width; j++) {
    // A variance that is no more than rounding is none, as in scikit-learn.
    const rounding = count * Number.EPSILON * scales[j]! + (count * means[j]! * Number.EPSILON) ** 2;
    scales[j] = scales[j]! <= rounding ? 1 : Math.sqrt(scales[j]!);
  }
  const rows = new Float64Array(count * width);
  for (const [n, row] of features.entries()) {
    for (let j = 0; j < width; j++) rows[n * width + j] = (row[j]! - means[j]!) / scales[j]!;
  }
  return { rows, means, scales };
}

/** [K] logits of one vector. */
export function linearLogits({ weight, bias }: LinearLayer, feature: Float32Array): number[] {
  const width = feature.length;
  return Array.from(bias, (from, k) => {
    let logit = from;
    for (let j = 0; j < width; j++) logit += weight[k * width + j]! * feature[j]!;
    return logit;
  });
}
