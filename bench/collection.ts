/**
 * Search in made vectors: how long an exact and an approximate query take, and how many of the ten nearest the latter finds.
 *
 *     node --import tsx bench/collection.ts [COUNT,COUNT,...]
 *
 * Vectors are unit vectors of 512 numbers around 200 directions; queries are further ones of the same kind. Figures are those of this machine
 * as it is: run it where nothing else runs.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dot } from '../src/model/base/numbers/vectors.js';
import { Random } from '../src/model/base/random.js';
import { Collection } from '../src/model/collection/collection.js';
import type { Entry } from '../src/model/collection/tables.js';

const WIDTH = 512;
const QUERIES = 20;
const ROWS = 5000;

const counts = (process.argv[2] ?? '10000,100000,1000000').split(',').map(Number);

function vectors(seed: number): () => Float32Array {
  const random = new Random(seed, 0);
  const directions = new Random(1, 0);
  const noise = (from: Random) => 2 * from.unit() - 1;
  const centres = Array.from({ length: 200 }, () => Float32Array.from({ length: WIDTH }, () => noise(directions)));
  return () => {
    const centre = random.pick(centres);
    const vector = centre.map((value) => value + 0.8 * noise(random));
    const length = Math.sqrt(dot(vector, vector));
    return vector.map((value) => value / length);
  };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function measure(count: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'coca-bench-'));
  const maker = {
    name: 'made',
    fingerprint: '0'.repeat(64),
    precision: 'fp32',
    pixels: 'upright',
    width: WIDTH,
  } as const;
  const manifest = { format: 1, root: '/made', maker, captions: false, isComplete: true } as const;
  const collection = await Collection.open(folder, manifest);
  try {
    const next = vectors(2);
    let written = 0;
    for (let start = 0; start < count; start += ROWS) {
      const entries = Array.from({ length: Math.min(ROWS, count - start) }, (_, i): Entry => {
        const path = `${start + i}.jpg`;
        const kept = { path, size: 1, mtime: 0n, ctime: 0n, read: 0n };
        return { ...kept, hash: '', width: 1, height: 1, caption: null, vector: next() };
      });
      const began = performance.now();
      await collection.put(entries, [], new Set());
      written += performance.now() - began;
    }
    const began = performance.now();
    await collection.tidy(false);
    written += performance.now() - began;
    const query = vectors(3);
    const queries = Array.from({ length: QUERIES }, () => query());
    const ask = async (isExact: boolean) => {
      const times: number[] = [];
      const found: string[][] = [];
      for (const direction of queries) {
        const start = performance.now();
        found.push((await collection.nearest(direction, { limit: 10, isExact })).map(({ path }) => path));
        times.push(performance.now() - start);
      }
      return { ms: median(times), first: times[0]!, found };
    };
    const exact = await ask(true);
    const start = performance.now();
    await collection.tidy(true);
    const built = performance.now() - start;
    const near = await ask(false);
    const hits = near.found.map((paths, i) => paths.filter((path) => exact.found[i]!.includes(path)).length);
    const recall = hits.reduce((sum, value) => sum + value, 0) / (10 * QUERIES);
    const figures = {
      count,
      writtenMs: written,
      exactMs: exact.ms,
      firstMs: exact.first,
      annBuiltMs: built,
      annMs: near.ms,
    };
    const rounded = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, Math.round(value)]));
    process.stdout.write(`${JSON.stringify({ ...rounded, recallAt10: recall })}\n`);
  } finally {
    collection.close();
    await rm(folder, { recursive: true, force: true });
  }
}

for (const count of counts) await measure(count);
