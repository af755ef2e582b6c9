import type { Tensor } from '@tensorflow/tfjs-core';
import type { Moments, Optimizer, StepFacts } from './optimizer.js';

/** Two optimisers that share a model's parameters. */
export class DividedOptimizer implements Optimizer {
  /** @param isFirsts whether a parameter is the first one's */
  constructor(
    private readonly first: Optimizer,
    private readonly second: Optimizer,
    private readonly isFirsts: (name: string) => boolean,
  ) {}

  update(gradients: ReadonlyMap<string, Tensor>, facts: StepFacts): void {
    this.first.update(new Map([...gradients].filter(([name]) => this.isFirsts(name))), facts);
    this.second.update(new Map([...gradients].filter(([name]) => !this.isFirsts(name))), facts);
  }

  keeps(name: string): readonly (keyof Moments)[] {
    return this.#of(name).keeps(name);
  }

  moments(name: string): Promise<Moments> {
    return this.#of(name).moments(name);
  }

  restore(moments: ReadonlyMap<string, Moments>): void {
    this.first.restore(new Map([...moments].filter(([name]) => this.isFirsts(name))));
    this.second.restore(new Map([...moments].filter(([name]) => !this.isFirsts(name))));
  }

  release(): void {
    this.first.release();
    this.second.release();
  }

  #of(name: string): Optimizer {
    return this.isFirsts(name) ? this.first : this.second;
  }
}
