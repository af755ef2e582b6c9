import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Backend } from '../engine/tfjs/backends.js';
import type { Moments, Optimizer, StepFacts } from './optimizer.js';
import { newVariable } from './variables.js';

/** Hyper-parameters of AdamW (Loshchilov and Hutter 2019). */
export interface AdamWOptions {
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  /** Decoupled: a step shrinks weights by learning rate x this. */
  readonly weightDecay: number;
}

/** Parameters of fewer elements are updated side by side: a step is a dozen operations, whose start costs as much. */
const SMALL = 1 << 16;

/** Parameters that are updated as one tensor: a large one in its own shape, small ones as one row of numbers. */
interface Group {
  readonly members: readonly { readonly name: string; readonly variable: Variable }[];
  readonly decays: boolean;
  readonly first: Variable;
  readonly second: Variable;
}

/** AdamW, as PyTorch computes it. A parameter that never has a gradient is left alone. */
export class AdamW implements Optimizer {
  #groups: readonly Group[] | undefined;
  #start: ReadonlyMap<string, Moments> = new Map();

  /** @param decays whether weight decay applies to a parameter */
  constructor(
    private readonly backend: Backend,
    private readonly trainable: ReadonlyMap<string, Variable>,
    private readonly options: AdamWOptions,
    private readonly decays: (name: string, shape: readonly number[]) => boolean,
  ) {}

  update(gradients: ReadonlyMap<string, Tensor>, { step, learningRate, scale }: StepFacts): void {
    this.#groups ??= this.#grouped([...gradients.keys()]);
    const { tf } = this.backend;
    const { betas, epsilon, weightDecay } = this.options;
    const [beta1, beta2] = betas;
    const correction1 = 1 - beta1 ** (step + 1);
    const correction2 = Math.sqrt(1 - beta2 ** (step + 1));
    // m / correction1 / (sqrt(v) / correction2 + epsilon), with fewer operations on whole tensors.
    const constants = {
      beta1: tf.scalar(beta1),
      beta2: tf.scalar(beta2),
      fresh1: tf.scalar((1 - beta1) * scale),
      fresh2: tf.scalar((1 - beta2) * scale * scale),
      epsilon: tf.scalar(epsilon * correction2),
      rate: tf.scalar((learningRate * correction2) / correction1),
      kept: tf.scalar(1 - learningRate * weightDecay),
    };
    for (const group of this.#groups) {
      tf.tidy(() => {
        const gradient = this.#sideBySide(group.members.map(({ name }) => gradients.get(name)!));
        const parameter = this.#sideBySide(group.members.map(({ variable }) => variable));
        const first = tf.add(tf.mul(group.first, constants.beta1), tf.mul(gradient, constants.fresh1));
        const second = tf.add(tf.mul(group.second, constants.beta2), tf.mul(tf.square(gradient), constants.fresh2));
        const change = tf.div(tf.mul(first, constants.rate), tf.add(tf.sqrt(second), constants.epsilon));
        const kept = group.decays && weightDecay !== 0 ? tf.mul(parameter, constants.kept) : parameter;
        group.first.assign(first);
        group.second.assign(second);
        this.#assign(group, tf.sub(kept, change));
      });
    }
  }

  /** Groups of one in their shape, others as one row. */
  #sideBySide(tensors: readonly Tensor[]): Tensor {
    const { tf } = this.backend;
    return tensors.length === 1 ? tensors[0]! : tf.concat1d(tensors.map((tensor) => tf.reshape(tensor, [-1])));
  }

  #assign({ members }: Group, value: Tensor): void {
    const { tf } = this.backend;
    const sizes = members.map(({ variable }) => variable.size);
    const parts = members.length === 1 ? [value] : tf.split(value, sizes);
    for (const [i, part] of parts.entries()) {
      const { variable } = members[i]!;
      variable.assign(tf.reshape(part, variable.shape));
    }
  }

  #grouped(names: readonly string[]): readonly Group[] {
    const all = names.map((name) => ({ name, variable: this.trainable.get(name)! }));
    const decays = ({ name, variable }: (typeof all)[0]) => this.decays(name, variable.shape);
    const small = all.filter(({ variable }) => variable.size < SMALL);
    const together = [small.filter(decays), small.filter((member) => !decays(member))];
    const alone = all.filter(({ variable }) => variable.size >= SMALL).map((member) => [member]);
    return [...together, ...alone]
      .filter((members) => members.length > 0)
      .map((members) => ({
        members,
        decays: decays(members[0]!),
        first: this.#moment(members, 'first'),
        second: this.#moment(members, 'second'),
      }));
  }

  /** A moment of a group, from where it was restored to, or zero. */
  #moment(members: Group['members'], which: keyof Moments): Variable {
    const size = members.reduce((sum, { variable }) => sum + variable.size, 0);
    const data = new Float32Array(size);
    let at = 0;
    for (const { name, variable } of members) {
      const known = this.#start.get(name)?.[which];
      if (known) data.set(known, at);
      at += variable.size;
    }
    return newVariable(this.backend, { shape: members.length === 1 ? members[0]!.variable.shape : [size], data });
  }

  keeps(): readonly (keyof Moments)[] {
    return ['first', 'second'];
  }

  async moments(name: string): Promise<Moments> {
    for (const { members, first, second } of this.#groups ?? []) {
      const index = members.findIndex((member) => member.name === name);
      if (index < 0) continue;
      const from = members.slice(0, index).reduce((sum, { variable }) => sum + variable.size, 0);
      const read = async (moment: Variable): Promise<Float32Array> => {
        const { tf } = this.backend;
        const part = this.backend.run(() => tf.slice(tf.reshape(moment, [-1]), from, members[index]!.variable.size));
        const values = (await part.data()) as Float32Array;
        part.dispose();
        return values;
      };
      return { first: await read(first), second: await read(second) };
    }
    const { size } = this.trainable.get(name)!;
    return this.#start.get(name) ?? { first: new Float32Array(size), second: new Float32Array(size) };
  }

  restore(moments: ReadonlyMap<string, Moments>): void {
    this.release();
    this.#start = moments;
  }

  release(): void {
    for (const { first, second } of this.#groups ?? []) {
      first.dispose();
      second.dispose();
    }
    this.#groups = undefined;
  }
}
