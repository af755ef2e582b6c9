import { setImmediate } from 'node:timers/promises';
import { stopIfAborted } from '../base/errors.js';
import { dot } from '../base/vectors.js';
import type { Facts } from './collection.js';
import { type Gathered, vectorAt } from './vectors.js';

/** A picture of a group, and its cosine with the group's best. */
export interface Duplicate {
  readonly facts: Facts;
  readonly cosine: number;
}

/** Pairs that are compared before anything else gets its turn. */
const PAIRS_AT_ONCE = 200_000;

/**
 * Groups of pictures that are near each other: two whose cosine is `minCosine` or more are in one group, and so is what either is
 * near to (single linkage). All pairs are compared: n (n - 1) / 2 dot products.
 * @returns groups of two or more, the best first in each: that of most pixels, of those the largest file; groups in the order of their
 *   best's paths
 * @throws CocaError `interrupted`
 */
export async function duplicateGroups(
  gathered: Gathered,
  minCosine: number,
  { signal, onProgress }: { readonly signal?: AbortSignal; readonly onProgress?: (part: number) => void } = {},
): Promise<readonly (readonly Duplicate[])[]> {
  const { facts } = gathered;
  const count = facts.length;
  const parents = Array.from({ length: count }, (_, i) => i);
  const rootOf = (i: number): number => {
    let root = i;
    while (parents[root] !== root) {
      parents[root] = parents[parents[root]!]!;
      root = parents[root]!;
    }
    return root;
  };
  // The root of a group is its first.
  const join = (a: number, b: number): void => {
    parents[Math.max(a, b)] = Math.min(a, b);
  };
  const vectors = Array.from({ length: count }, (_, i) => vectorAt(gathered, i));
  const all = (count * (count - 1)) / 2;
  let compared = 0;
  let told = 0;
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      if (dot(vectors[i]!, vectors[j]!) >= minCosine) join(rootOf(i), rootOf(j));
    }
    compared += count - i - 1;
    if (compared - told < PAIRS_AT_ONCE) continue;
    told = compared;
    onProgress?.(compared / all);
    await setImmediate();
    stopIfAborted(signal);
  }
  const groups = new Map<number, number[]>();
  for (let i = 0; i < count; i++) {
    const group = groups.get(rootOf(i));
    if (group) group.push(i);
    else groups.set(i, [i]);
  }
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) => {
      const ordered = group.sort((a, b) => compareQuality(facts[a]!, facts[b]!));
      const best = vectors[ordered[0]!]!;
      return ordered.map((i): Duplicate => ({ facts: facts[i]!, cosine: dot(best, vectors[i]!) }));
    })
    .sort(([a], [b]) => (a!.facts.path < b!.facts.path ? -1 : 1));
}

function compareQuality(a: Facts, b: Facts): number {
  return b.width * b.height - a.width * a.height || b.size - a.size || (a.path < b.path ? -1 : 1);
}
