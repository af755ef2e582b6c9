import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dot } from '../../../src/model/base/numbers/vectors.js';
import { clustersOf, defaultGroups, distinctionsOf } from '../../../src/model/collection/clusters.js';
import { Collection } from '../../../src/model/collection/collection.js';
import { duplicateGroups } from '../../../src/model/collection/duplicates/duplicates.js';
import { conditionOf } from '../../../src/model/collection/filter.js';
import type { Manifest } from '../../../src/model/collection/manifest.js';
import { type Entry, fromStored, toStored } from '../../../src/model/collection/tables.js';
import { openVectors } from '../../../src/model/collection/vectors.js';
import { temporaryFolder } from '../../support/folder.js';

const { at } = temporaryFolder();

const WIDTH = 3;
const manifest: Manifest = {
  format: 1,
  root: '/pictures',
  maker: { name: 'm', fingerprint: '0'.repeat(64), precision: 'fp32', pixels: 'upright', width: WIDTH },
  captions: false,
  isComplete: true,
};

const unit = (...values: number[]): Float32Array => {
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
};

const entry = (path: string, vector: Float32Array, facts: Partial<Entry> = {}): Entry => ({
  path,
  size: 100,
  mtime: 1_700_000_000_123_456_789n,
  ctime: 1_700_000_000_123_456_789n,
  read: 1_800_000_000_000_000_000n,
  hash: 'ab',
  width: 10,
  height: 10,
  caption: null,
  vector,
  ...facts,
});

const opened = () => Collection.open(at('index'), manifest);

test('stored names are UTF-8, come back, and begin as their folders do', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (folder, name) => {
      expect(fromStored(toStored(folder + name))).toBe(folder + name);
      expect(toStored(`${folder}/${name}`).startsWith(toStored(`${folder}/`))).toBe(true);
      expect(Buffer.from(toStored(name)).toString()).toBe(toStored(name));
    }),
  );
  expect(fromStored(toStored('caf\udce9.jpg'))).toBe('caf\udce9.jpg');
});

test('what was put comes back, is replaced, and is forgotten, whatever the names', async () => {
  const collection = await opened();
  const names = ["it's.jpg", 'caf\udce9.jpg', 'a/"quoted".png', 'back\\slash.jpg', 'new\nline.jpg', '%_*.jpg'];
  await collection.put(
    names.map((name, i) => entry(name, unit(1, i, 0))),
    [],
  );
  const broken = { ...entry('bad.jpg', unit(1, 0, 0)), code: 'bad-image', message: 'cut', hint: null };
  const { hash: _, width: __, height: ___, caption: ____, vector: _____, ...wrong } = broken;
  await collection.put([], [wrong]);
  expect([...(await collection.kept()).keys()].sort()).toEqual([...names].sort());
  expect((await collection.kept()).get("it's.jpg")).toMatchObject({ mtime: 1_700_000_000_123_456_789n, size: 100 });
  expect([...(await collection.allBroken()).values()]).toEqual([wrong]);

  await collection.put([entry('bad.jpg', unit(0, 0, 1)), entry("it's.jpg", unit(0, 1, 0))], []);
  expect(await collection.count()).toBe(names.length + 1);
  expect((await collection.allBroken()).size).toBe(0);
  const [hit] = await collection.nearest(unit(0, 0, 1), { limit: 1 });
  expect(hit).toMatchObject({ path: 'bad.jpg', cosine: 1 });

  await collection.remove(names);
  expect([...(await collection.kept()).keys()]).toEqual(['bad.jpg']);
  // Another reader sees the same.
  const other = await opened();
  expect(await other.count()).toBe(1);
  other.close();
  collection.close();
});

test('nearest: cosines in order, below a folder, by date and size', async () => {
  const collection = await opened();
  const day = (n: number) => BigInt(Date.UTC(2026, 0, n)) * 1_000_000n;
  await collection.put(
    [
      entry('a/1.jpg', unit(1, 0, 0), { mtime: day(1), width: 300, height: 200, size: 10 }),
      entry('a/2.jpg', unit(1, 1, 0), { mtime: day(2), width: 100, height: 900, size: 20 }),
      entry('ab/3.jpg', unit(1, 2, 0), { mtime: day(3), width: 500, height: 400, size: 30 }),
    ],
    [],
  );
  const paths = async (filter: object) =>
    (await collection.nearest(unit(1, 0, 0), { limit: 10, ...filter })).map(({ path }) => path);
  const all = await collection.nearest(unit(1, 0, 0), { limit: 10 });
  for (const [i, cosine] of [1, Math.SQRT1_2, 1 / Math.sqrt(5)].entries()) {
    expect(all[i]!.cosine).toBeCloseTo(cosine, 6);
  }
  expect(await paths({ below: 'a/' })).toEqual(['a/1.jpg', 'a/2.jpg']);
  expect(await paths({ after: Date.UTC(2026, 0, 2) })).toEqual(['a/2.jpg', 'ab/3.jpg']);
  expect(await paths({ before: Date.UTC(2026, 0, 2) })).toEqual(['a/1.jpg']);
  expect(await paths({ minSide: 200 })).toEqual(['a/1.jpg', 'ab/3.jpg']);
  expect(await paths({ minBytes: 20, maxBytes: 20 })).toEqual(['a/2.jpg']);
  expect(conditionOf({})).toBeUndefined();
  collection.close();
});

test('an approximate index finds most of the exact neighbours, and new rows too', async () => {
  const collection = await opened();
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const entries = Array.from({ length: 600 }, (_, i) => entry(`${i}.jpg`, unit(random(), random(), random())));
  await collection.put(entries.slice(0, 500), []);
  expect(await collection.isApproximate()).toBe(false);
  await collection.tidy(true);
  expect(await collection.isApproximate()).toBe(true);
  await collection.put(entries.slice(500), []);
  const query = entries[550]!.vector;
  expect((await collection.nearest(query, { limit: 1 }))[0]!.path).toBe('550.jpg');
  const exact = await collection.nearest(query, { limit: 10, isExact: true });
  const expected = entries
    .map(({ path, vector }) => ({ path, cosine: dot(vector, query) }))
    .sort((a, b) => b.cosine - a.cosine)
    .slice(0, 10);
  expect(exact.map(({ path }) => path)).toEqual(expected.map(({ path }) => path));
  collection.close();
});

test('too few for an approximate index is said', async () => {
  const collection = await opened();
  await collection.put([entry('1.jpg', unit(1, 0, 0))], []);
  await expect(collection.tidy(true)).rejects.toMatchObject({ code: 'usage', message: /256 pictures/ });
  collection.close();
});

describe('groups', () => {
  async function gathered(entries: readonly Entry[]) {
    const collection = await opened();
    await collection.put(entries, []);
    return { collection, all: await openVectors(collection, {}) };
  }

  test('of near duplicates: chained, the best first', async () => {
    const angle = (degrees: number) =>
      unit(Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180), 0);
    const { collection, all } = await gathered([
      entry('far.jpg', angle(90)),
      entry('small.jpg', angle(0), { width: 10, height: 10 }),
      entry('large.jpg', angle(4), { width: 20, height: 10, size: 5 }),
      entry('heavy.jpg', angle(8), { width: 20, height: 10, size: 50 }),
    ]);
    // Neighbours are 4 degrees apart, the ends of the chain 8.
    const groups = await duplicateGroups(all, Math.cos((5 * Math.PI) / 180));
    expect(groups.map((group) => group.map(({ facts }) => facts.path))).toEqual([
      ['heavy.jpg', 'large.jpg', 'small.jpg'],
    ]);
    expect(groups[0]![2]!.cosine).toBeCloseTo(Math.cos((8 * Math.PI) / 180), 5);
    expect(await duplicateGroups(all, 1)).toEqual([]);
    collection.close();
  });

  test('by k-means: largest first, each named by what sets it apart', async () => {
    const { collection, all } = await gathered([
      entry('x1.jpg', unit(1, 0.05, 0)),
      entry('x2.jpg', unit(1, 0, 0.05)),
      entry('x3.jpg', unit(1, 0, 0)),
      entry('y1.jpg', unit(0, 1, 0.05)),
      entry('y2.jpg', unit(0, 1, 0)),
    ]);
    const grouping = await clustersOf(all, 2, { seed: 0 });
    collection.close();
    const paths = grouping.clusters.map(({ members }) => members.map(({ facts }) => facts.path).sort());
    expect(paths).toEqual([
      ['x1.jpg', 'x2.jpg', 'x3.jpg'],
      ['y1.jpg', 'y2.jpg'],
    ]);
    const concepts = [unit(0, 1, 0), unit(1, 0, 0), unit(0, 0, 1)];
    const names = distinctionsOf(grouping, concepts, 2);
    expect(names.map(([first]) => first!.concept)).toEqual([1, 0]);
    expect(names[0]).toHaveLength(2);
    expect([1, 2, 8, 5000, 1_000_000].map(defaultGroups)).toEqual([1, 1, 2, 50, 50]);
  });
});
