import { CocaError } from '../base/errors.js';

/** @throws CocaError `bad-checkpoint` */
export function checkFinite(rows: Float32Array, what: string): void {
  // One NaN or infinity among the weights reaches every embedding.
  if (rows.some((value) => !Number.isFinite(value))) {
    throw new CocaError(
      'bad-checkpoint',
      `the ${what} embedding is not finite`,
      'The weights hold NaN or infinite values: fetch or convert them again.',
    );
  }
}
