import type { Tensor } from '@tensorflow/tfjs-core';
import type { AttentionGradients, GradientOps } from '../../architecture/gradient-ops.js';
import type { AttentionInput, ProjectionParts } from '../../architecture/ops.js';
import type { Activation } from '../../config/config.js';
import { activate } from './functions/activations.js';
import { joinHeads } from './functions/attention.js';
import { oneHot } from './functions/embedding.js';
import { layerNorm } from './functions/layer-norm.js';
import { linear } from './functions/product.js';
import { concat, reshape, rowsOf } from './functions/shape.js';
import { TfjsOps } from './ops.js';

/** The way back through the network, with the gradients of the functions that it goes through. */
export class TfjsGradientOps extends TfjsOps implements GradientOps<Tensor> {
  linearGradient(g: Tensor, weight: Tensor): Tensor {
    return linear(this.tf, g, weight, { isTransposed: !this.parameters.isTransposed(weight) });
  }

  inProjectionGradient(parts: readonly Tensor[], prefix: string, which: ProjectionParts): Tensor {
    const all = parts.reduce((before, part) => concat(this.tf, before, part, 2));
    return this.linearGradient(all, this.inProjectionWeight(prefix, which, parts[0]!.shape.at(-1)!));
  }

  layerNormGradient(g: Tensor, x: Tensor, weight: Tensor, epsilon: number): Tensor {
    return this.#through((input) => layerNorm(this.tf, input, weight, weight, epsilon), x, g);
  }

  activationGradient(g: Tensor, x: Tensor, activation: Activation): Tensor {
    return this.#through((input) => activate(this.tf, input, activation), x, g);
  }

  attentionGradient(g: Tensor, input: AttentionInput<Tensor>, probabilities: Tensor): AttentionGradients<Tensor> {
    const { tf } = this;
    const { heads, own, cache } = input;
    const split = (x: Tensor): Tensor => this.splitHeads(x, heads);
    const query = split(input.query); // [B, H, N, D]
    const { keys, values } = cache ?? { keys: split(own!.keys), values: split(own!.values) }; // [B, H, M, D]
    const output = split(g);
    const byProbabilities = tf.matMul(output, values, false, true);
    // Through the softmax: p (dp - sum(dp p)).
    const along = tf.sum(tf.mul(byProbabilities, probabilities), -1, true);
    const byScores = tf.mul(tf.mul(probabilities, tf.sub(byProbabilities, along)), query.shape.at(-1)! ** -0.5);
    const gradients = { probabilities: byProbabilities, query: joinHeads(tf, tf.matMul(byScores, keys)) };
    if (own === undefined) return gradients;
    const identity = tf.eye(query.shape[2]!);
    const ownPart = (matrix: Tensor): Tensor => tf.sum(tf.mul(matrix, identity), -1, true); // [B, H, N, 1]
    return {
      ...gradients,
      own: {
        keys: joinHeads(tf, tf.mul(query, ownPart(byScores))),
        values: joinHeads(tf, tf.mul(output, ownPart(probabilities))),
      },
    };
  }

  logprobGradient(x: Tensor, projection: Tensor, labels: Tensor): Tensor {
    const { tf } = this;
    const rows = rowsOf(tf, x);
    const probabilities = tf.softmax(this.project(rows, projection)); // [rows, V]
    const label = oneHot(tf, this.valuesOf(labels), probabilities.shape[1]!);
    const others = tf.mul(probabilities, tf.sub(1, label));
    const byScores = tf.sub(tf.mul(label, tf.sum(others, -1, true)), others);
    return reshape(tf, linear(tf, byScores, projection), x.shape);
  }

  /** The gradient of a function by its input, of which g is that by its result. */
  #through(f: (x: Tensor) => Tensor, x: Tensor, g: Tensor): Tensor {
    return this.tf.grad(f)(x, g);
  }
}
