import { dot } from '../base/numbers/vectors.js';
import { sparseSum, type Weights } from './lasso.js';

/** An embedding as a sum of concepts. */
export interface Explanation {
  /** Concepts by their place in the list, the weightiest first; weights are above 0. */
  readonly concepts: readonly { readonly concept: number; readonly weight: number }[];
  /** Cosine of the sum and the embedding, both without their means. */
  readonly cosine: number;
}

/** Concept embeddings without their mean, of unit length: what sums are made of. */
export function centredConcepts(embeddings: readonly Float32Array[]): readonly Float32Array[] {
  const mean = meanOf(embeddings);
  return embeddings.map((embedding) => unit(less(embedding, mean)));
}

/**
 * SpLiCE (Bhalla et al. 2024, "Interpreting CLIP with Sparse Linear Concept Embeddings"): the contrastive embedding of a picture, less the
 * mean of others', as a sparse non-negative sum of concept embeddings, less theirs.
 * @param concepts as `centredConcepts` makes them
 * @param centre the mean image embedding; without one the embedding is taken as it is
 * @param most concepts in the sum
 */
export function explain(
  embedding: Float32Array,
  concepts: readonly Float32Array[],
  centre: Float32Array | undefined,
  most: number,
): Explanation {
  const target = unit(centre ? less(embedding, centre) : embedding);
  const weights = sparseSum(target, concepts, most);
  const sum = sumOf(weights, concepts, target.length);
  const found = [...weights].map(([concept, weight]) => ({ concept, weight }));
  found.sort((a, b) => b.weight - a.weight || a.concept - b.concept);
  const length = Math.sqrt(dot(sum, sum));
  return { concepts: found, cosine: length === 0 ? 0 : dot(sum, target) / length };
}

/** The mean of vectors. */
export function meanOf(vectors: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(vectors[0]!.length);
  for (const vector of vectors) for (let i = 0; i < mean.length; i++) mean[i]! += vector[i]! / vectors.length;
  return mean;
}

const less = (vector: Float32Array, mean: Float32Array) => vector.map((value, i) => value - mean[i]!);

/** A vector at length 1; one that is nothing stays so. */
function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector));
  return length === 0 ? vector : vector.map((value) => value / length);
}

function sumOf(weights: Weights, concepts: readonly Float32Array[], width: number): Float32Array {
  const sum = new Float32Array(width);
  for (const [j, weight] of weights) for (let i = 0; i < width; i++) sum[i]! += weight * concepts[j]![i]!;
  return sum;
}
