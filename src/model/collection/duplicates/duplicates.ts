import { setImmediate } from 'node:timers/promises';
import { stopIfAborted } from '../../base/errors.js';
import { dot } from '../../base/numbers/vectors.js';
import type { Facts } from '../collection.js';
import { evenly, type PictureVectors, vectorsAt } from '../vectors.js';
import { directionsOf } from './directions.js';
import { Groups } from './groups.js';
import { AT_ONCE, type Rows, rowsFor } from './shadows.js';

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

/**
 * Groups of pictures that are near each other: two whose cosine is `minCosine` or more are in one group, and so is what either is
 * near to (single linkage). All pairs are compared, n (n - 1) / 2, most of them by a bound alone (shadows.ts), which decides nothing that the
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
  const directions = directionsOf(samples.values());
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
  let next = new Block(0, Math.min(size, count), vectors.width, directions);
  for await (const { index, vector } of vectors.each()) if (next.holds(index)) next.put(index, vector);
  while (next.start < count) {
    const block = next;
    for (let i = block.start; i < block.end; i += AT_ONCE) {
      const some = Array.from({ length: Math.min(AT_ONCE, block.end - i) }, (_, k) => i + k);
      const own = some.map((index) => block.vectorOf(index));
      block.near(own, i + 1, minCosine, (index, k) => index > i + k && groups.join(i + k, index));
      await onPairs(some.reduce((pairs, index) => pairs + block.end - index - 1, 0));
    }
    if (block.end === count) break;
    next = new Block(block.end, Math.min(block.end + size, count), vectors.width, directions);
    const others = new Waiting(vectors.width);
    const compare = async (): Promise<void> => {
      const { indexes, vectors } = others.take();
      block.near(vectors, block.start, minCosine, (index, k) => groups.join(index, indexes[k]!));
      await onPairs(indexes.length * (block.end - block.start));
    };
    for await (const { index, vector } of vectors.each()) {
      if (index < block.end) continue;
      if (next.holds(index)) next.put(index, vector);
      if (others.add(index, vector)) await compare();
    }
    await compare();
  }
  return withCosines(vectors, groups.found(facts, compareQuality), size);
}

/** Some embeddings, in one piece. */
class Block {
  readonly #rows: Rows;

  constructor(
    readonly start: number,
    readonly end: number,
    width: number,
    directions: readonly Float32Array[],
  ) {
    this.#rows = rowsFor(directions, end - start, width);
  }

  holds(index: number): boolean {
    return index >= this.start && index < this.end;
  }

  put(index: number, vector: Float32Array): void {
    this.#rows.put(index - this.start, vector);
  }

  /** Not copied. */
  vectorOf(index: number): Float32Array {
    return this.#rows.get(index - this.start);
  }

  /** Tells which embeddings from a place on are near one of others, `AT_ONCE` of them at most, and which. */
  near(
    others: readonly Float32Array[],
    from: number,
    minCosine: number,
    tell: (index: number, other: number) => void,
  ): void {
    this.#rows.near(others, from - this.start, this.end - this.start, minCosine, (at, other) => {
      const index = this.start + at;
      if (dot(this.vectorOf(index), others[other]!) >= minCosine) tell(index, other);
    });
  }
}

/** Copies of embeddings, until there are `AT_ONCE`. */
class Waiting {
  readonly #vectors: Float32Array[];
  #indexes: number[] = [];

  constructor(width: number) {
    this.#vectors = Array.from({ length: AT_ONCE }, () => new Float32Array(width));
  }

  /** @returns whether there is room for no more */
  add(index: number, vector: Float32Array): boolean {
    this.#vectors[this.#indexes.length]!.set(vector);
    return this.#indexes.push(index) === AT_ONCE;
  }

  /** They are good until others come. */
  take(): { readonly indexes: readonly number[]; readonly vectors: readonly Float32Array[] } {
    const indexes = this.#indexes;
    this.#indexes = [];
    return { indexes, vectors: this.#vectors.slice(0, indexes.length) };
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
