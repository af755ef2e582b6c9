import { setImmediate } from 'node:timers/promises';
import { kmeansGenerator } from 'ml-kmeans';
import { stopIfAborted } from '../base/errors.js';
import { dot, meanDirection } from '../base/numbers/vectors.js';
import { centredConcepts, meanOf } from '../explaining/explain.js';
import type { Facts } from './collection.js';
import { evenly, type PictureVectors, vectorsAt } from './vectors.js';

/** A group of pictures. */
export interface Cluster {
  /** The nearest to the group's mean direction first. */
  readonly members: readonly { readonly facts: Facts; readonly cosine: number }[];
  readonly mean: Float32Array;
}

/** Groups, and the mean of all pictures. */
export interface Grouping {
  readonly clusters: readonly Cluster[];
  readonly centre: Float32Array;
}

const MOST_ITERATIONS = 100;

/** So many embeddings are in memory, and make the means of the groups; of more pictures, as many evenly by their paths. */
export const MOST_SAMPLED = 20_000;

/** How many groups are made where it is not said: sqrt(n / 2), a rule of thumb, at most 50. */
export const defaultGroups = (count: number): number => Math.max(1, Math.min(50, Math.round(Math.sqrt(count / 2))));

/**
 * Groups by k-means over unit vectors (kmeans++ from a seed), the largest first. Of more than `sample` pictures the means of the groups are
 * those of a sample, and each picture is of the group whose mean is nearest.
 * @param groups at most as many as there are vectors
 * @throws CocaError `interrupted`
 */
export async function clustersOf(
  vectors: PictureVectors,
  groups: number,
  {
    seed,
    signal,
    onProgress,
    sample = MOST_SAMPLED,
  }: {
    readonly seed: number;
    readonly signal?: AbortSignal;
    readonly onProgress?: (iteration: number) => void;
    readonly sample?: number;
  },
): Promise<Grouping> {
  const { facts, width } = vectors;
  const sampled = await vectorsAt(vectors, evenly(facts.length, sample));
  const points = [...sampled.values()] as unknown as number[][];
  let labels: readonly number[] = points.map(() => 0);
  const options = { seed, initialization: 'kmeans++', maxIterations: MOST_ITERATIONS } as const;
  if (groups > 1) {
    for (const { clusters, iterations } of kmeansGenerator(points, groups, options)) {
      labels = [...clusters];
      onProgress?.(iterations);
      await setImmediate();
      stopIfAborted(signal);
    }
  }
  const centres = meansOf([...sampled.values()], labels);
  const isAll = sampled.size === facts.length;
  const known = new Map([...sampled.keys()].map((index, i) => [index, labels[i]!]));
  // Which group each picture is in, and the sums of the groups' embeddings.
  const group = new Int32Array(facts.length);
  const sums = centres.map(() => new Float64Array(width));
  const centre = new Float32Array(width);
  for await (const { index, vector } of vectors.each()) {
    const label = isAll ? known.get(index)! : nearest(vector, centres);
    group[index] = label;
    for (let i = 0; i < width; i++) {
      sums[label]![i]! += vector[i]!;
      centre[i]! += vector[i]! / facts.length;
    }
    stopIfAborted(signal);
  }
  const means = sums.map((sum) => meanDirection([Float32Array.from(sum)]));
  const members = means.map((): { readonly facts: Facts; readonly cosine: number }[] => []);
  for await (const { index, vector } of vectors.each()) {
    members[group[index]!]!.push({ facts: facts[index]!, cosine: dot(vector, means[group[index]!]!) });
  }
  for (const ranked of members) {
    ranked.sort((a, b) => b.cosine - a.cosine || (a.facts.path < b.facts.path ? -1 : 1));
  }
  const clusters = members
    .map((ranked, i): Cluster => ({ members: ranked, mean: means[i]! }))
    .filter((cluster) => cluster.members.length > 0)
    .sort(
      (a, b) => b.members.length - a.members.length || (a.members[0]!.facts.path < b.members[0]!.facts.path ? -1 : 1),
    );
  return { clusters, centre };
}

/** The mean of the points of each label; of a label without points, nothing that any point is near to. */
function meansOf(points: readonly Float32Array[], labels: readonly number[]): Float32Array[] {
  const members = new Map<number, Float32Array[]>();
  for (const [i, label] of labels.entries()) {
    const own = members.get(label);
    if (own) own.push(points[i]!);
    else members.set(label, [points[i]!]);
  }
  const count = Math.max(...labels) + 1;
  const nothing = points[0]!.map(() => Number.NaN);
  return Array.from({ length: count }, (_, label) => {
    const own = members.get(label);
    return own ? meanOf(own) : nothing;
  });
}

/** The label of the mean that a point is nearest to, as k-means has it. */
function nearest(point: Float32Array, means: readonly Float32Array[]): number {
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const [label, mean] of means.entries()) {
    // The square of the distance, less what is the same for all.
    const distance = dot(mean, mean) - 2 * dot(mean, point);
    if (distance < least) [best, least] = [label, distance];
  }
  return best;
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
  { clusters, centre }: Grouping,
  concepts: readonly Float32Array[],
  most: number,
): readonly (readonly Distinction[])[] {
  const centred = centredConcepts(concepts);
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
