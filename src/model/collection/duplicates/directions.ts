import { dot } from '../../base/numbers/vectors.js';

/** What is shorter is rounding. */
const LEAST = 1e-3;

/** Unit vectors at right angles that span the samples, as far as they are apart (Gram and Schmidt). */
export function directionsOf(samples: Iterable<Float32Array>): Float32Array[] {
  const directions: Float32Array[] = [];
  for (const sample of samples) {
    const left = Float32Array.from(sample);
    // Twice is enough to lose what rounding leaves.
    for (let pass = 0; pass < 2; pass++) {
      for (const direction of directions) {
        const part = dot(direction, left);
        for (let i = 0; i < left.length; i++) left[i]! -= part * direction[i]!;
      }
    }
    const length = Math.hypot(...left);
    if (length > LEAST) directions.push(left.map((value) => value / length));
  }
  return directions;
}
