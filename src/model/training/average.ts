import type { Variable } from '@tensorflow/tfjs-core';
import type { Backend } from '../engine/tfjs/backends.js';

/**
 * The running mean of parameters over the steps of a training (an exponential moving average, EMA). Its decay is shorter in the
 * beginning, (1 + steps) / (10 + steps), for random weights not to stay in it for long.
 */
export class RunningAverage {
  readonly #variables: ReadonlyMap<string, Variable>;

  /** Begins with the parameters as they are. */
  constructor(
    private readonly backend: Backend,
    private readonly parameters: ReadonlyMap<string, Variable>,
    private readonly decay: number,
  ) {
    const { tf } = backend;
    this.#variables = new Map(
      [...parameters].map(([name, variable]) => [name, backend.run(() => tf.variable(tf.clone(variable)))]),
    );
  }

  get all(): ReadonlyMap<string, Variable> {
    return this.#variables;
  }

  /**
   * Takes in the parameters after a step, within the scope of the caller.
   * @param steps how many there have been, this one included
   */
  update(steps: number): void {
    const { tf } = this.backend;
    const decay = Math.min(this.decay, (1 + steps) / (10 + steps));
    for (const [name, average] of this.#variables) {
      tf.tidy(() => average.assign(tf.add(average, tf.mul(tf.sub(this.parameters.get(name)!, average), 1 - decay))));
    }
  }

  release(): void {
    for (const variable of this.#variables.values()) variable.dispose();
  }
}
