import { dot } from '../base/vectors.js';

/**
 * Vectors seen from a few directions: what two have in common there, and as much as they could at most have in common elsewhere (Cauchy and
 * Schwarz), bounds their dot product from above for a fraction of its cost.
 */
export class Shadows {
  /** Numbers of a shadow. */
  readonly width: number;
  readonly #directions: Float32Array[] = [];

  /** @param samples of the vectors: the directions are theirs, made orthogonal (Gram and Schmidt) */
  constructor(samples: Iterable<Float32Array>) {
    for (const sample of samples) {
      const left = Float64Array.from(sample);
      // Twice is enough to lose what rounding leaves.
      for (let pass = 0; pass < 2; pass++) {
        for (const direction of this.#directions) {
          const part = dot(direction, left as unknown as Float32Array);
          for (let i = 0; i < left.length; i++) left[i]! -= part * direction[i]!;
        }
      }
      const length = Math.hypot(...left);
      if (length > LEAST) this.#directions.push(Float32Array.from(left, (value) => value / length));
    }
    this.width = this.#directions.length;
  }

  /**
   * Writes the shadow of a vector, `width` numbers from `at` on.
   * @returns the length of what is not in it
   */
  cast(vector: Float32Array, into: Float32Array, at: number): number {
    let left = dot(vector, vector);
    for (const [k, direction] of this.#directions.entries()) {
      const part = dot(direction, vector);
      into[at + k] = part;
      left -= part * part;
    }
    return Math.sqrt(Math.max(0, left));
  }
}

/** What is shorter is rounding. */
const LEAST = 1e-3;
