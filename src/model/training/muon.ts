import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Backend } from '../engine/tfjs/backends.js';
import type { TensorFlow } from '../engine/tfjs/tensorflow.js';
import type { Moments, Optimizer, StepFacts } from './optimizer.js';
import { newVariable } from './variables.js';

export interface MuonOptions {
  /** Part of the running mean of gradients that a step keeps. */
  readonly momentum: number;
  /** Decoupled: a step shrinks weights by learning rate x this. */
  readonly weightDecay: number;
}

/** Newton-Schulz iterations of a step, and the coefficients of its odd polynomial (Jordan et al. 2024). */
const ITERATIONS = 5;
const [A, B, C] = [3.4445, -4.775, 2.0315];
const EPSILON = 1e-7;

/**
 * Whether a parameter is a matrix between hidden features: the weights of attention and of MLPs. Embeddings, projections into a space that is
 * compared or read, queries and vectors are not.
 */
export function isHiddenMatrix(name: string, shape: readonly number[]): boolean {
  return shape.length === 2 && /(_proj_weight|\.out_proj\.weight|\.c_fc\.weight|\.c_proj\.weight)$/.test(name);
}

/** One parameter as the matrices that it consists of: attention's fused weight is three. */
interface Member {
  readonly name: string;
  readonly variable: Variable;
  readonly matrices: number;
}

/** Matrices of one shape, orthogonalised side by side. */
interface Group {
  readonly members: readonly Member[];
  readonly shape: readonly [rows: number, columns: number];
  /** [matrices, rows, columns] */
  readonly first: Variable;
}

/**
 * Muon (Jordan et al. 2024): a step goes along the orthogonal matrix nearest to the running mean of a matrix's gradients. With Nesterov's
 * momentum, and steps as large as AdamW's usually are, 0.2 sqrt(max(rows, columns)) x the learning rate (Liu et al. 2025, "Muon is
 * scalable for LLM training"), so that both take the same learning rate and weight decay. As `torch.optim.Muon` with `match_rms_adamw`, but in
 * single precision, and with query, key and value of a fused weight as three matrices.
 */
export class Muon implements Optimizer {
  #groups: readonly Group[] | undefined;
  #start: ReadonlyMap<string, Moments> = new Map();

  constructor(
    private readonly backend: Backend,
    private readonly trainable: ReadonlyMap<string, Variable>,
    private readonly options: MuonOptions,
  ) {}

  update(gradients: ReadonlyMap<string, Tensor>, { learningRate, scale }: StepFacts): void {
    this.#groups ??= this.#grouped([...gradients.keys()]);
    const { tf } = this.backend;
    const { momentum, weightDecay } = this.options;
    for (const { members, shape, first } of this.#groups) {
      tf.tidy(() => {
        const stacks = members.map(({ name, matrices }) => tf.reshape(gradients.get(name)!, [matrices, ...shape]));
        const fresh = tf.mul(tf.concat(stacks), scale * (1 - momentum));
        const mean = tf.add(tf.mul(first, momentum), fresh);
        first.assign(mean);
        const step = tf.mul(
          orthogonal(tf, tf.add(tf.mul(mean, momentum), fresh)),
          learningRate * 0.2 * Math.sqrt(Math.max(...shape)),
        );
        const parts = tf.split(
          step,
          members.map(({ matrices }) => matrices),
        );
        for (const [i, { variable }] of members.entries()) {
          const kept = tf.mul(variable, 1 - learningRate * weightDecay);
          variable.assign(tf.sub(kept, tf.reshape(parts[i]!, variable.shape)));
        }
      });
    }
  }

  keeps(): readonly (keyof Moments)[] {
    return ['first'];
  }

  #grouped(names: readonly string[]): readonly Group[] {
    const groups = new Map<string, { readonly shape: readonly [number, number]; readonly members: Member[] }>();
    for (const name of names) {
      const variable = this.trainable.get(name)!;
      const [rows, columns] = variable.shape as [number, number];
      const matrices = name.endsWith('.in_proj_weight') ? 3 : 1;
      const shape = [rows / matrices, columns] as const;
      const group = groups.get(String(shape)) ?? { shape, members: [] };
      group.members.push({ name, variable, matrices });
      groups.set(String(shape), group);
    }
    return [...groups.values()].map(({ shape, members }) => ({ shape, members, first: this.#moment(shape, members) }));
  }

  #moment(shape: readonly [number, number], members: readonly Member[]): Variable {
    const count = members.reduce((sum, { matrices }) => sum + matrices, 0);
    const data = new Float32Array(count * shape[0] * shape[1]);
    let at = 0;
    for (const { name, variable } of members) {
      const known = this.#start.get(name);
      if (known) data.set(known.first, at);
      at += variable.size;
    }
    return newVariable(this.backend, { shape: [count, ...shape], data });
  }

  async moments(name: string): Promise<Moments> {
    const { tf } = this.backend;
    for (const { members, first } of this.#groups ?? []) {
      const index = members.findIndex((member) => member.name === name);
      if (index < 0) continue;
      const from = members.slice(0, index).reduce((sum, { matrices }) => sum + matrices, 0);
      const part = this.backend.run(() => tf.slice(first, [from, 0, 0], [members[index]!.matrices, -1, -1]));
      const values = (await part.data()) as Float32Array;
      part.dispose();
      return { first: values };
    }
    return this.#start.get(name) ?? { first: new Float32Array(this.trainable.get(name)!.size) };
  }

  restore(moments: ReadonlyMap<string, Moments>): void {
    this.release();
    this.#start = moments;
  }

  release(): void {
    for (const { first } of this.#groups ?? []) first.dispose();
    this.#groups = undefined;
  }
}

/**
 * The orthogonal matrices nearest to given ones, roughly: singular values come near 1, from 0.7 to 1.2.
 * @param matrices [N, rows, columns]
 */
function orthogonal(tf: TensorFlow, matrices: Tensor): Tensor {
  const [, rows, columns] = matrices.shape as [number, number, number];
  const isTall = rows > columns;
  const norms = tf.sqrt(tf.sum(tf.square(matrices), [1, 2], true));
  let x = tf.div(matrices, tf.maximum(norms, EPSILON));
  // Products are taken on the shorter side.
  if (isTall) x = tf.transpose(x, [0, 2, 1]);
  for (let i = 0; i < ITERATIONS; i++) {
    x = tf.tidy(() => {
      const gram = tf.matMul(x, x, false, true);
      const polynomial = tf.add(tf.mul(gram, B), tf.mul(tf.matMul(gram, gram), C));
      return tf.add(tf.mul(x, A), tf.matMul(polynomial, x));
    });
  }
  return isTall ? tf.transpose(x, [0, 2, 1]) : x;
}
