import type { Tensor } from '@tensorflow/tfjs-core';

/** What an optimiser remembers of one parameter: running means of its gradient and, if it needs them, of the gradient's square. */
export interface Moments {
  readonly first: Float32Array;
  readonly second?: Float32Array;
}

export interface StepFacts {
  /** How many steps there were before. */
  readonly step: number;
  readonly learningRate: number;
  /** What gradients are multiplied by: below 1 where they are clipped. */
  readonly scale: number;
}

/** Turns gradients into steps of the parameters that it was made for. */
export interface Optimizer {
  /**
   * One step, within the scope of the caller.
   * @param gradients by parameter; the same ones in every step
   */
  update(gradients: ReadonlyMap<string, Tensor>, facts: StepFacts): void;
  /** Which moments it keeps of a parameter. */
  keeps(name: string): readonly (keyof Moments)[];
  /** What is remembered of a parameter, as it is now. */
  moments(name: string): Promise<Moments>;
  /** Goes on from what was remembered at another time. */
  restore(moments: ReadonlyMap<string, Moments>): void;
  release(): void;
}
