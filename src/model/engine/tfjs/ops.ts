import type { Tensor } from '@tensorflow/tfjs-core';
import type {
  AttentionInput,
  AttentionOutput,
  Ops,
  Places,
  ProjectionParts,
  ScopeResult,
} from '../../architecture/ops.js';
import type { Activation } from '../../config/config.js';
import { activate } from './functions/activations.js';
import { add, l2Normalize, meanRows, multiply } from './functions/arithmetic.js';
import { attend, attentionProbabilities, joinHeads, splitHeads, splitProjections } from './functions/attention.js';
import { embedding, pickRows, repeat } from './functions/embedding.js';
import { layerNorm } from './functions/layer-norm.js';
import { linear } from './functions/product.js';
import { concat, reshape, rowsOf, sliceAxis } from './functions/shape.js';
import type { Parameters } from './parameters.js';
import type { TensorFlow } from './tensorflow.js';

/**
 * Runs the network as it is described, at once, on whatever backend TensorFlow.js uses. Under `tf.variableGrads` the
 * same calls are recorded and differentiated. Projections for attention are held as heads, [B, H, N, D].
 */
export class TfjsOps implements Ops<Tensor> {
  /** Ids by the tensor that holds them: the gradient of an embedding needs them at hand. */
  readonly #indexValues = new WeakMap<Tensor, Int32Array>();

  constructor(
    protected readonly tf: TensorFlow,
    protected readonly parameters: Parameters,
    readonly places?: Places<Tensor>,
  ) {}

  /** Ids: for `embed`, or labels. */
  indices(values: Int32Array, shape: readonly number[]): Tensor {
    const tensor = this.tf.tensor(values, [...shape], 'int32');
    this.#indexValues.set(tensor, values);
    return tensor;
  }

  floats(values: Float32Array, shape: readonly number[]): Tensor {
    return this.tf.tensor(values, [...shape], 'float32');
  }

  parameter(name: string, rows?: readonly [start: number, end: number]): Tensor {
    return this.parameters.get(name, rows);
  }

  linear(x: Tensor, weight: Tensor, bias: Tensor): Tensor {
    return linear(this.tf, x, weight, { bias, isTransposed: this.parameters.isTransposed(weight) });
  }

  project(x: Tensor, projection: Tensor): Tensor {
    return linear(this.tf, x, projection, { isTransposed: true });
  }

  inProjection(x: Tensor, prefix: string, parts: ProjectionParts, heads: number): readonly Tensor[] {
    // x is as wide as each part.
    const width = x.shape.at(-1)!;
    const bias = this.parameter(`${prefix}.in_proj_bias`, rowsOfParts(parts, width));
    const all = this.linear(x, this.inProjectionWeight(prefix, parts, width), bias);
    return splitProjections(this.tf, all, parts.length, heads);
  }

  protected inProjectionWeight(prefix: string, parts: ProjectionParts, width: number): Tensor {
    return this.parameter(`${prefix}.in_proj_weight`, rowsOfParts(parts, width));
  }

  layerNorm(x: Tensor, weight: Tensor, bias: Tensor, epsilon: number): Tensor {
    return layerNorm(this.tf, x, weight, bias, epsilon);
  }

  activate(x: Tensor, activation: Activation): Tensor {
    return activate(this.tf, x, activation);
  }

  add(a: Tensor, b: Tensor): Tensor {
    return add(this.tf, a, b);
  }

  multiply(a: Tensor, b: Tensor): Tensor {
    return multiply(this.tf, a, b);
  }

  /** As a product of patches laid out as rows: no backend needs the gradient of a convolution for that. */
  patchEmbed(pixels: Tensor, kernels: Tensor, patchSize: number): Tensor {
    const { tf } = this;
    const [batch, channels, side] = pixels.shape as [number, number, number];
    const grid = Math.floor(side / patchSize);
    const size = channels * patchSize * patchSize;
    const patches = tf.tidy(() => {
      const used = tf.slice(pixels, [0, 0, 0, 0], [batch, channels, grid * patchSize, grid * patchSize]);
      const apart = tf.reshape(used, [batch, channels, grid, patchSize, grid, patchSize]);
      return tf.reshape(tf.transpose(apart, [0, 2, 4, 1, 3, 5]), [batch, grid * grid, size]);
    });
    return linear(tf, patches, reshape(tf, kernels, [-1, size]));
  }

  embed(ids: Tensor, table: Tensor): Tensor {
    return embedding(this.tf, ids, this.valuesOf(ids), table);
  }

  protected valuesOf(ids: Tensor): Int32Array {
    const values = this.#indexValues.get(ids);
    if (values === undefined) throw new Error('ids are what indices() made');
    return values;
  }

  repeat(x: Tensor, like: Tensor): Tensor {
    return repeat(this.tf, x.rank === 2 ? x : reshape(this.tf, x, [1, -1]), like.shape[0]!);
  }

  concat(a: Tensor, b: Tensor): Tensor {
    return concat(this.tf, a, b, 1);
  }

  slice(x: Tensor, start: number, end?: number): Tensor {
    const n = x.shape[1]!;
    const to = end ?? n;
    return sliceAxis(this.tf, x, 1, start < 0 ? n + start : start, to < 0 ? n + to : to);
  }

  take(x: Tensor, index: number): Tensor {
    const [batch, , width] = x.shape as [number, number, number];
    return reshape(this.tf, this.slice(x, index, index === -1 ? undefined : index + 1), [batch, width]);
  }

  takeEach(x: Tensor, rows: Tensor): Tensor {
    return pickRows(this.tf, rowsOf(this.tf, x), this.valuesOf(rows));
  }

  meanRows(x: Tensor): Tensor {
    return meanRows(this.tf, x);
  }

  splitHeads(x: Tensor, heads: number): Tensor {
    return x.rank === 4 ? x : splitHeads(this.tf, x, heads);
  }

  attention(input: AttentionInput<Tensor>): AttentionOutput<Tensor> {
    const { tf } = this;
    const { heads, own, cache, mask } = input;
    const join = (past: Tensor | undefined, rows: Tensor | undefined): Tensor => {
      const split = rows && this.splitHeads(rows, heads);
      return past && split ? concat(tf, past, split, 2) : (past ?? split)!;
    };
    const query = this.splitHeads(input.query, heads);
    const keys = join(cache?.keys, own?.keys); // [B, H, M, D]
    const values = join(cache?.values, own?.values); // [B, H, M, D]
    if (!input.wantProbabilities) return { output: joinHeads(tf, attend(tf, { query, keys, values, mask })) };
    const probabilities = attentionProbabilities(tf, { query, keys, mask });
    return { output: joinHeads(tf, tf.matMul(probabilities, values)), probabilities };
  }

  l2Normalize(x: Tensor): Tensor {
    return l2Normalize(this.tf, x);
  }

  /** Frees at once what only this piece needed; under differentiation, what was saved for the gradient stays. */
  scope<R extends ScopeResult<Tensor>>(piece: () => R): R {
    return this.tf.tidy(piece as () => Tensor) as unknown as R;
  }
}

/** Consecutive parts of a fused projection as rows of it; all three are the whole. */
function rowsOfParts(parts: ProjectionParts, width: number): readonly [start: number, end: number] | undefined {
  return parts.length === 3 ? undefined : [parts[0] * width, (parts.at(-1)! + 1) * width];
}
