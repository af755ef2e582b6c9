import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dot } from '../../../src/model/base/numbers/vectors.js';
import { Random } from '../../../src/model/base/random.js';
import { clustersOf } from '../../../src/model/collection/clusters.js';
import type { Facts } from '../../../src/model/collection/collection.js';
import { directionsOf } from '../../../src/model/collection/duplicates/directions.js';
import { duplicateGroups } from '../../../src/model/collection/duplicates/duplicates.js';
import { AT_ONCE, rowsFor } from '../../../src/model/collection/duplicates/shadows.js';
import { evenly, type PictureVectors } from '../../../src/model/collection/vectors.js';

const WIDTH = 24;

function unit(values: Float32Array): Float32Array {
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

/** Unit vectors around a few directions, some of them nearly alike. */
function made(seed: number, count: number): Float32Array[] {
  const random = new Random(seed, 0);
  const gaussian = () => random.unit() + random.unit() + random.unit() + random.unit() - 2;
  const noise = (size: number) => Float32Array.from({ length: WIDTH }, () => size * gaussian());
  const centres = Array.from({ length: 4 }, () => noise(1));
  const vectors: Float32Array[] = [];
  for (let i = 0; i < count; i++) {
    const near = i > 0 && random.unit() < 0.3;
    const base = near ? random.pick(vectors) : random.pick(centres);
    const added = noise(near ? 0.03 : 0.4);
    vectors.push(unit(base.map((value, k) => value + added[k]!)));
  }
  return vectors;
}

const facts = (i: number): Facts => ({
  path: `${String(i).padStart(4, '0')}.jpg`,
  size: 1,
  mtime: 0n,
  ctime: 0n,
  read: 0n,
  hash: '',
  width: 1 + (i % 3),
  height: 1,
  caption: null,
});

/** As a store gives them: in an order of its own, each in the same place of memory. */
function stored(vectors: readonly Float32Array[]): PictureVectors & { passes: () => number } {
  let passes = 0;
  return {
    facts: vectors.map((_, i) => facts(i)),
    width: WIDTH,
    passes: () => passes,
    async *each() {
      passes++;
      const place = new Float32Array(WIDTH);
      for (let i = 0; i < vectors.length; i++) {
        const index = (i * 7 + 3) % vectors.length;
        place.set(vectors[index]!);
        yield { index, vector: place };
      }
    },
  };
}

/** Groups by all dot products, as sets of places. */
function byAllPairs(vectors: readonly Float32Array[], minCosine: number): number[][] {
  const group = vectors.map((_, i) => i);
  for (let i = 0; i < vectors.length; i++) {
    for (let j = 0; j < i; j++) {
      if (dot(vectors[i]!, vectors[j]!) < minCosine || group[i] === group[j]) continue;
      const [keep, gone] = [group[j]!, group[i]!];
      for (const [k, value] of group.entries()) if (value === gone) group[k] = keep;
    }
  }
  const found = [...new Set(group)].map((value) => [...group.keys()].filter((i) => group[i] === value));
  return found.filter(({ length }) => length > 1);
}

describe('dedupe', () => {
  test('whatever the size of a block, groups are those of all pairs', async () => {
    // Places are taken in steps of 7, so the count must not be a multiple of it.
    const counts = fc.integer({ min: 2, max: 60 }).filter((count) => count % 7 !== 0);
    const cosines = fc.constantFrom(0.5, 0.9, 0.97, 0.999);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(1000),
        counts,
        fc.integer({ min: 1, max: 70 }),
        cosines,
        async (seed, count, block, c) => {
          const vectors = made(seed, count);
          const groups = await duplicateGroups(stored(vectors), c, { block });
          const places = groups.map((group) => group.map((one) => Number.parseInt(one.facts.path, 10)));
          expect(places.map((group) => group.toSorted((a, b) => a - b)).sort((a, b) => a[0]! - b[0]!)).toEqual(
            byAllPairs(vectors, c),
          );
          for (const [i, group] of groups.entries()) {
            const best = vectors[places[i]![0]!]!;
            for (const [k, { cosine }] of group.entries()) expect(cosine).toBe(dot(best, vectors[places[i]![k]!]!));
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('embeddings are read once for each block, and once more for samples and cosines', async () => {
    const source = stored(made(1, 100));
    await duplicateGroups(source, 2, { block: 30 });
    // The samples; the first block; three blocks against what follows.
    expect(source.passes()).toBe(5);
  });

  test('whoever is near is told, and few others', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 0, max: 9 }), fc.nat(39), (seed, count, from) => {
        const vectors = made(seed, 40);
        // Some are in the span of the directions, where nothing is left for the rest.
        const rows = rowsFor(directionsOf(vectors.slice(0, count)), 40, WIDTH);
        for (const [i, vector] of vectors.entries()) rows.put(i, vector);
        const others = vectors.slice(3, 3 + 1 + (seed % AT_ONCE));
        const told = new Set<string>();
        rows.near(others, from, 40, 0.95, (at, other) => told.add(`${at} ${other}`));
        for (const [at, vector] of vectors.entries()) {
          for (const [k, other] of others.entries()) {
            if (at < from) expect(told).not.toContain(`${at} ${k}`);
            else if (dot(vector, other) >= 0.95) expect(told).toContain(`${at} ${k}`);
          }
        }
      }),
    );
    const vectors = made(5, 400);
    const rows = rowsFor(directionsOf(vectors.slice(0, 12)), 400, WIDTH);
    for (const [i, vector] of vectors.entries()) rows.put(i, vector);
    let told = 0;
    rows.near(vectors.slice(0, 4), 0, 400, 0.95, () => {
      told += 1;
    });
    const near = vectors.slice(0, 4).flatMap((one) => vectors.filter((other) => dot(one, other) >= 0.95)).length;
    expect(told).toBeGreaterThanOrEqual(near);
    expect(told).toBeLessThan(400);
  });

  test('without a kernel, where Node.js may make no machine code, groups are the same', () => {
    const vectors = made(3, 50);
    const program = `
      import { duplicateGroups } from ${JSON.stringify(new URL('../../../dist/model/collection/duplicates/duplicates.js', import.meta.url))};
      const vectors = ${JSON.stringify(vectors.map((vector) => [...vector]))}.map((vector) => Float32Array.from(vector));
      const source = {
        facts: vectors.map((_, i) => ({ path: String(i).padStart(4, '0'), size: 1, width: 1, height: 1 })),
        width: ${WIDTH},
        async *each() { yield* vectors.map((vector, index) => ({ index, vector })); },
      };
      const groups = await duplicateGroups(source, 0.97, { block: 20 });
      console.log(JSON.stringify(groups.map((group) => group.map(({ facts }) => Number(facts.path)))), typeof WebAssembly);
    `;
    const { stdout } = spawnSync(process.execPath, ['--jitless', '--input-type=module', '-e', program], {
      encoding: 'utf8',
    });
    const groups = byAllPairs(vectors, 0.97).map((group) => group.toSorted((a, b) => a - b));
    expect(groups.length).toBeGreaterThan(1);
    expect(stdout).toBe(`${JSON.stringify(groups)} undefined\n`);
  });

  test('directions are of length 1 and at right angles; the same one twice is one', () => {
    const directions = directionsOf(made(5, 10));
    for (const [i, a] of directions.entries()) {
      for (const [j, b] of directions.entries()) expect(dot(a, b)).toBeCloseTo(i === j ? 1 : 0, 5);
    }
    const [first] = made(5, 1);
    expect(directionsOf([first!, first!])).toHaveLength(1);
  });
});

describe('cluster', () => {
  const axes = [0, 1, 2].map((axis) => Float32Array.from({ length: WIDTH }, (_, i) => (i === axis ? 1 : 0)));
  const vectors = Array.from({ length: 120 }, (_, i) => {
    const added = new Random(i, 0);
    return unit(axes[i % 3]!.map((value) => value + 0.1 * added.unit()));
  });

  test('of a sample: every picture is in the group that is nearest', async () => {
    const { clusters, centre } = await clustersOf(stored(vectors), 3, { seed: 0, sample: 31 });
    const groups = clusters.map(({ members }) => members.map((one) => Number.parseInt(one.facts.path, 10) % 3));
    expect(groups.map(({ length }) => length)).toEqual([40, 40, 40]);
    for (const group of groups) expect(new Set(group).size).toBe(1);
    for (const { members, mean } of clusters) {
      expect(dot(mean, mean)).toBeCloseTo(1, 5);
      const cosines = members.map(({ cosine }) => cosine);
      expect(cosines).toEqual(cosines.toSorted((a, b) => b - a));
    }
    const sum = vectors.reduce((total, vector) => total + vector[5]!, 0);
    expect(centre[5]).toBeCloseTo(sum / 120, 5);
  });

  test('the same without a sample, and of one group', async () => {
    const all = await clustersOf(stored(vectors), 3, { seed: 0 });
    expect(all.clusters.map(({ members }) => members.length)).toEqual([40, 40, 40]);
    expect((await clustersOf(stored(vectors), 1, { seed: 0 })).clusters).toHaveLength(1);
  });
});

test('evenly spaced places', () => {
  expect(evenly(10, 3)).toEqual([0, 3, 6]);
  expect(evenly(3, 10)).toEqual([0, 1, 2]);
  expect(evenly(0, 5)).toEqual([]);
});
