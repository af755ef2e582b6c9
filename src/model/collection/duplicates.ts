import { setImmediate } from 'node:timers/promises';
import { stopIfAborted } from '../base/errors.js';
import { dot } from '../base/vectors.js';
import type { Facts } from './collection.js';
import { Shadows } from './shadows.js';
import { evenly, type PictureVectors, vectorsAt } from './vectors.js';

/** A picture of a group, and its cosine with the group's best. */
export interface Duplicate {
  readonly facts: Facts;
  readonly cosine: number;
}

export interface DuplicateOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (part: number) => void;
  /** How many embeddings are in memory at once. */
  readonly block?: number;
}

/** Pairs that are compared before anything else gets its turn. */
const PAIRS_AT_ONCE = 2_000_000;

/** Bytes of embeddings in memory at once, where it is not said. */
const BLOCK_BYTES = 64 * 2 ** 20;

/** Of a vector's numbers one in so many is a shadow's. */
const SHADOWED = 8;

/** More than rounding adds to a bound. */
const ROUNDING = 1e-4;

/**
 * Groups of pictures that are near each other: two whose cosine is `minCosine` or more are in one group, and so is what either is
 * near to (single linkage). All pairs are compared, n (n - 1) / 2, most of them by a bound alone (`Shadows`), which decides nothing that the
 * dot product would decide otherwise. Embeddings are in memory a block at a time, each block against all that follow: they are read once for each.
 * @returns groups of two or more, the best first in each: that of most pixels, of those the largest file; groups in the order of their
 *   best's paths
 * @throws CocaError `interrupted`
 */
export async function duplicateGroups(
  vectors: PictureVectors,
  minCosine: number,
  { signal, onProgress, block: size = Math.floor(BLOCK_BYTES / (4 * vectors.width)) }: DuplicateOptions = {},
): Promise<readonly (readonly Duplicate[])[]> {
  const { facts } = vectors;
  const count = facts.length;
  const groups = new Groups(count);
  const samples = await vectorsAt(vectors, evenly(count, Math.max(1, Math.floor(vectors.width / SHADOWED))));
  const shadows = new Shadows(samples.values());
  const all = (count * (count - 1)) / 2;
  let compared = 0;
  let untold = 0;
  const onPairs = async (pairs: number): Promise<void> => {
    compared += pairs;
    untold += pairs;
    if (untold < PAIRS_AT_ONCE) return;
    untold = 0;
    onProgress?.(compared / all);
    await setImmediate();
    stopIfAborted(signal);
  };
  // The next block is read while this one is compared.
  let next = new Block(0, Math.min(size, count), vectors.width, shadows);
  for await (const { index, vector } of vectors.each()) if (next.holds(index)) next.put(index, vector);
  while (next.start < count) {
    const block = next;
    for (let i = block.start; i < block.end; i++) {
      block.near(block.vectorOf(i), i + 1, minCosine, (other) => groups.join(i, other));
      await onPairs(block.end - i - 1);
    }
    next = new Block(block.end, Math.min(block.end + size, count), vectors.width, shadows);
    if (block.end === count) break;
    for await (const { index, vector } of vectors.each()) {
      if (index < block.end) continue;
      if (next.holds(index)) next.put(index, vector);
      block.near(vector, block.start, minCosine, (other) => groups.join(other, index));
      await onPairs(block.end - block.start);
    }
  }
  return withCosines(vectors, groups.found(facts), size);
}

/** Some embeddings, and their shadows, in one piece each. */
class Block {
  readonly #values: Float32Array;
  readonly #shadows: Float32Array;
  readonly #rest: Float32Array;
  readonly #shadow: Float32Array;

  constructor(
    readonly start: number,
    readonly end: number,
    private readonly width: number,
    private readonly shadows: Shadows,
  ) {
    this.#values = new Float32Array((end - start) * width);
    this.#shadows = new Float32Array((end - start) * shadows.width);
    this.#rest = new Float32Array(end - start);
    this.#shadow = new Float32Array(shadows.width);
  }

  holds(index: number): boolean {
    return index >= this.start && index < this.end;
  }

  put(index: number, vector: Float32Array): void {
    const at = index - this.start;
    this.#values.set(vector, at * this.width);
    this.#rest[at] = this.shadows.cast(vector, this.#shadows, at * this.shadows.width);
  }

  /** Not copied. */
  vectorOf(index: number): Float32Array {
    const at = index - this.start;
    return this.#values.subarray(at * this.width, (at + 1) * this.width);
  }

  /** Tells which embeddings from a place on are near a vector. */
  near(vector: Float32Array, from: number, minCosine: number, tell: (index: number) => void): void {
    const shadow = this.#shadow;
    const rest = this.shadows.cast(vector, shadow, 0);
    const shadows = this.#shadows;
    const width = shadow.length;
    const least = minCosine - ROUNDING;
    for (let i = from - this.start; i < this.end - this.start; i++) {
      let bound = this.#rest[i]! * rest;
      const at = i * width;
      for (let k = 0; k < width; k++) bound += shadows[at + k]! * shadow[k]!;
      if (bound < least) continue;
      const index = this.start + i;
      if (dot(this.vectorOf(index), vector) >= minCosine) tell(index);
    }
  }
}

/** Which pictures belong together, by their places. */
class Groups {
  readonly #parents: Int32Array;

  constructor(count: number) {
    this.#parents = Int32Array.from({ length: count }, (_, i) => i);
  }

  /** The root of a group is its first. */
  join(a: number, b: number): void {
    const [first, second] = [this.#rootOf(a), this.#rootOf(b)];
    this.#parents[Math.max(first, second)] = Math.min(first, second);
  }

  /** Groups of two or more, the best first in each. */
  found(facts: readonly Facts[]): number[][] {
    const groups = new Map<number, number[]>();
    for (let i = 0; i < this.#parents.length; i++) {
      const root = this.#rootOf(i);
      if (root === i) continue;
      const group = groups.get(root);
      if (group) group.push(i);
      else groups.set(root, [root, i]);
    }
    return [...groups.values()].map((group) => group.sort((a, b) => compareQuality(facts[a]!, facts[b]!)));
  }

  #rootOf(i: number): number {
    const parents = this.#parents;
    let root = i;
    while (parents[root] !== root) {
      parents[root] = parents[parents[root]!]!;
      root = parents[root]!;
    }
    return root;
  }
}

/** Groups with the cosines of their members and their best, as many groups at a time as embeddings may be in memory. */
async function withCosines(vectors: PictureVectors, groups: readonly number[][], size: number): Promise<Duplicate[][]> {
  const { facts } = vectors;
  const found: Duplicate[][] = [];
  for (let start = 0; start < groups.length; start += size) {
    const some = groups.slice(start, start + size);
    const bests = await vectorsAt(
      vectors,
      some.map(([best]) => best!),
    );
    const bestOf = new Map(some.flatMap((group) => group.map((member) => [member, group[0]!])));
    const cosines = new Map<number, number>();
    for await (const { index, vector } of vectors.each()) {
      const best = bestOf.get(index);
      if (best !== undefined) cosines.set(index, dot(bests.get(best)!, vector));
    }
    found.push(...some.map((group) => group.map((i) => ({ facts: facts[i]!, cosine: cosines.get(i)! }))));
  }
  return found.sort(([a], [b]) => (a!.facts.path < b!.facts.path ? -1 : 1));
}

function compareQuality(a: Facts, b: Facts): number {
  return b.width * b.height - a.width * a.height || b.size - a.size || (a.path < b.path ? -1 : 1);
}
