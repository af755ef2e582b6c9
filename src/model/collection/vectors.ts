import type { Collection, Facts } from './collection.js';
import type { Filter } from './filter.js';

/** The pictures that are compared: what is known of each, and their embeddings, which stay on the disk. */
export interface PictureVectors {
  /** In the order of their paths. */
  readonly facts: readonly Facts[];
  readonly width: number;
  /** Every embedding with its picture's place in `facts`, in no order. A vector is good until the next is asked for. */
  each(): AsyncGenerator<{ readonly index: number; readonly vector: Float32Array }>;
}

/** The pictures of a collection that a filter lets through. */
export async function openVectors(collection: Collection, filter: Filter): Promise<PictureVectors> {
  const facts: Facts[] = [];
  for await (const fact of collection.facts(filter)) facts.push(fact);
  facts.sort((a, b) => (a.path < b.path ? -1 : 1));
  const places = new Map(facts.map(({ path }, i) => [path, i]));
  return {
    facts,
    width: collection.manifest.maker.width,
    async *each() {
      for await (const { path, vector } of collection.vectors(filter)) {
        const index = places.get(path);
        if (index !== undefined) yield { index, vector };
      }
    },
  };
}

/** Copies of the embeddings of some pictures, by their places and in the order in which these are given. */
export async function vectorsAt(
  vectors: PictureVectors,
  indexes: readonly number[],
): Promise<ReadonlyMap<number, Float32Array>> {
  const none = new Float32Array(0);
  const found = new Map(indexes.map((index) => [index, none]));
  for await (const { index, vector } of vectors.each()) if (found.has(index)) found.set(index, vector.slice());
  return found;
}

/** `count` numbers below `size`, evenly; all where there are no more. */
export function evenly(size: number, count: number): number[] {
  return Array.from({ length: Math.min(size, count) }, (_, i) => Math.floor((i * size) / Math.min(size, count)));
}
