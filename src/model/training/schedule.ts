/** How the learning rate goes up and down again, as OpenCLIP has it (`cosine_lr`). */
export interface Schedule {
  /** The highest learning rate. */
  readonly learningRate: number;
  /** Steps over which it rises from almost nothing. */
  readonly warmupSteps: number;
  /** Steps after which it is zero; none where it stays. */
  readonly totalSteps?: number;
}

/** @param step from 0 */
export function learningRateAt(step: number, { learningRate, warmupSteps, totalSteps }: Schedule): number {
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  if (totalSteps === undefined) return learningRate;
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
  return 0.5 * (1 + Math.cos(Math.PI * progress)) * learningRate;
}
