import { setImmediate } from 'node:timers/promises';
import { kmeansGenerator } from 'ml-kmeans';
import { stopIfAborted } from '../base/errors.js';
import { dot, meanDirection } from '../base/vectors.js';
import { centredConcepts, meanOf } from '../explaining/explain.js';
import type { Facts } from './collection.js';
import { type Gathered, vectorAt } from './vectors.js';

/** A group of pictures. */
export interface Cluster {
  /** The nearest to the group's mean direction first. */
  readonly members: readonly { readonly facts: Facts; readonly cosine: number }[];
  readonly mean: Float32Array;
}

const MOST_ITERATIONS = 100;

/** How many groups are made where it is not said: sqrt(n / 2), a rule of thumb, at most 50. */
export const defaultGroups = (count: number): number => Math.max(1, Math.min(50, Math.round(Math.sqrt(count / 2))));

/**
 * Groups by k-means over unit vectors (kmeans++ from a seed), the largest first.
 * @param groups at most as many as there are vectors
 * @throws CocaError `interrupted`
 */
export async function clustersOf(
  gathered: Gathered,
  groups: number,
  {
    seed,
    signal,
    onProgress,
  }: { readonly seed: number; readonly signal?: AbortSignal; readonly onProgress?: (iteration: number) => void },
): Promise<readonly Cluster[]> {
  const { facts } = gathered;
  const vectors = facts.map((_, i) => vectorAt(gathered, i));
  const points = vectors as unknown as number[][];
  let labels: readonly number[] = vectors.map(() => 0);
  const options = { seed, initialization: 'kmeans++', maxIterations: MOST_ITERATIONS } as const;
  if (groups > 1) {
    for (const { clusters, iterations } of kmeansGenerator(points, groups, options)) {
      labels = [...clusters];
      onProgress?.(iterations);
      await setImmediate();
      stopIfAborted(signal);
    }
  }
  const found = new Map<number, number[]>();
  for (const [i, label] of labels.entries()) {
    const members = found.get(label);
    if (members) members.push(i);
    else found.set(label, [i]);
  }
  return [...found.values()]
    .map((members): Cluster => {
      const mean = meanDirection(members.map((i) => vectors[i]!));
      const ranked = members.map((i) => ({ facts: facts[i]!, cosine: dot(vectors[i]!, mean) }));
      ranked.sort((a, b) => b.cosine - a.cosine || (a.facts.path < b.facts.path ? -1 : 1));
      return { members: ranked, mean };
    })
    .sort(
      (a, b) => b.members.length - a.members.length || (a.members[0]!.facts.path < b.members[0]!.facts.path ? -1 : 1),
    );
}

/** A concept that sets a group apart, by its place in the list. */
export interface Distinction {
  readonly concept: number;
  /** Cosine of the concept, less the mean of concepts, and the group's mean, less that of all pictures. */
  readonly cosine: number;
}

/**
 * The concepts that set each group apart from the whole, best first. A concept that is best for several groups is the first of that
 * which it fits best, and of the others the next best that is free.
 * @param concepts their embeddings
 * @param most how many for a group
 */
export function distinctionsOf(
  clusters: readonly Pick<Cluster, 'mean' | 'members'>[],
  gathered: Gathered,
  concepts: readonly Float32Array[],
  most: number,
): readonly (readonly Distinction[])[] {
  const centred = centredConcepts(concepts);
  const centre = meanOf(gathered.facts.map((_, i) => vectorAt(gathered, i)));
  const ranked = clusters.map(({ mean }) => {
    // One group is the whole, and nothing sets it apart: its concepts are those of its pictures.
    const apart = clusters.length === 1 ? mean : mean.map((value, i) => value - centre[i]!);
    const length = Math.sqrt(dot(apart, apart)) || 1;
    const cosines = centred.map((concept, i): Distinction => ({ concept: i, cosine: dot(apart, concept) / length }));
    return cosines.sort((a, b) => b.cosine - a.cosine || a.concept - b.concept);
  });
  const taken = new Set<number>();
  const names = new Map<number, Distinction>();
  const wishes = ranked.flatMap((list, cluster) => list.slice(0, clusters.length).map((wish) => ({ cluster, wish })));
  wishes.sort((a, b) => b.wish.cosine - a.wish.cosine);
  for (const { cluster, wish } of wishes) {
    if (names.has(cluster) || taken.has(wish.concept)) continue;
    names.set(cluster, wish);
    taken.add(wish.concept);
  }
  return ranked.map((list, cluster) => {
    const name = names.get(cluster) ?? list[0]!;
    return [name, ...list.filter(({ concept }) => concept !== name.concept).slice(0, most - 1)];
  });
}
