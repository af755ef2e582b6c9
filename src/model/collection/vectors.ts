import type { Collection, Facts } from './collection.js';
import type { Filter } from './filter.js';

/** Embeddings of a collection in one piece, and what they are of. */
export interface Gathered {
  readonly facts: readonly Facts[];
  /** One after the other: facts.length x width. */
  readonly values: Float32Array;
  readonly width: number;
}

/** The embeddings of the pictures that a filter lets through, in the order of their paths: 4 bytes a number in memory. */
export async function gather(collection: Collection, filter: Filter): Promise<Gathered> {
  const { width } = collection.manifest.maker;
  const facts: Facts[] = [];
  const vectors: Float32Array[] = [];
  for await (const { vector, ...fact } of collection.entries(filter)) {
    facts.push(fact);
    vectors.push(vector);
  }
  const order = [...facts.keys()].sort((a, b) => (facts[a]!.path < facts[b]!.path ? -1 : 1));
  const values = new Float32Array(facts.length * width);
  for (const [i, at] of order.entries()) values.set(vectors[at]!, i * width);
  return { facts: order.map((at) => facts[at]!), values, width };
}

/** One of the vectors, not copied. */
export const vectorAt = ({ values, width }: Gathered, i: number): Float32Array =>
  values.subarray(i * width, (i + 1) * width);
