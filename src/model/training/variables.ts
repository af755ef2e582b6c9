import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Backend } from '../engine/tfjs/backends.js';
import { sliceAxis } from '../engine/tfjs/functions/shape.js';
import type { Parameters } from '../engine/tfjs/parameters.js';

/** A tensor on this side. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The parameters of a model in training, as variables of TensorFlow.js in PyTorch's layout. */
export class TrainableParameters implements Parameters {
  readonly #variables = new Map<string, Variable>();

  constructor(private readonly backend: Backend) {}

  add(name: string, shape: readonly number[], data: Float32Array): void {
    this.#variables.set(name, newVariable(this.backend, { shape, data }));
  }

  get all(): ReadonlyMap<string, Variable> {
    return this.#variables;
  }

  get names(): readonly string[] {
    return [...this.#variables.keys()];
  }

  variable(name: string): Variable {
    const variable = this.#variables.get(name);
    if (variable === undefined) throw new Error(`the network asks for ${name}, which its parameter list does not name`);
    return variable;
  }

  get(name: string, rows?: readonly [start: number, end: number]): Tensor {
    const variable = this.variable(name);
    return rows ? sliceAxis(this.backend.tf, variable, 0, ...rows) : variable;
  }

  isTransposed(): boolean {
    return false;
  }

  dispose(): void {
    for (const variable of this.#variables.values()) variable.dispose();
    this.#variables.clear();
  }
}

export function newVariable(backend: Backend, { shape, data }: HostTensor): Variable {
  const { tf } = backend;
  // A variable takes over the tensor that it is made of, which no scope may then free.
  return backend.run(() => tf.variable(tf.tensor(data, [...shape], 'float32')));
}
