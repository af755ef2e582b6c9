import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Collection } from '../../../src/model/collection/collection.js';
import { writeManifest } from '../../../src/model/collection/manifest.js';
import type { Check } from '../../../src/model/doctor/check.js';
import { checkCollections } from '../../../src/model/doctor/collections.js';
import { temporaryFolder } from '../../support/folder.js';

const { at } = temporaryFolder();
const cacheBefore = process.env.COCA_CACHE;
beforeEach(() => {
  process.env.COCA_CACHE = at('cache');
  mkdirSync(at('photos'));
});
afterEach(() => {
  if (cacheBefore === undefined) delete process.env.COCA_CACHE;
  else process.env.COCA_CACHE = cacheBefore;
});

const maker = { name: 'made', fingerprint: 'a'.repeat(64), precision: 'fp32', pixels: 'upright', width: 4 } as const;

async function makeIndex(name: string, { root = at('photos'), isComplete = true } = {}): Promise<string> {
  const folder = at('cache/collections', name, 'a-fp32');
  const manifest = { format: 1, root, maker, captions: false, isComplete } as const;
  const collection = await Collection.open(folder, manifest);
  const kept = { path: 'a.jpg', size: 1, mtime: 0n, ctime: 0n, read: 0n, hash: '', width: 1, height: 1, caption: null };
  await collection.put([{ ...kept, vector: Float32Array.of(1, 0, 0, 0) }], []);
  collection.close();
  await writeManifest(folder, manifest);
  return folder;
}

async function checks(): Promise<Check[]> {
  const found: Check[] = [];
  for await (const check of checkCollections()) found.push(check);
  return found;
}

test('the store, and indexes that are whole', async () => {
  expect(await checks()).toMatchObject([
    { name: 'lancedb', status: 'ok' },
    { name: 'indexes', status: 'ok', found: 'none' },
  ]);
  await makeIndex('one');
  expect(await checks()).toMatchObject([
    { name: 'lancedb' },
    { status: 'ok', found: expect.stringMatching(/^1, 0\.0 MB/) },
  ]);
});

test('broken ones are removed by --fix, those whose folder is not there or that are unfinished are told and stay', async () => {
  const whole = await makeIndex('whole');
  const torn = await makeIndex('torn');
  writeFileSync(join(torn, 'collection.json'), '{"format": 1');
  const empty = await makeIndex('empty');
  rmSync(join(empty, 'pictures.lance'), { recursive: true });
  const damaged = await makeIndex('damaged');
  rmSync(join(damaged, 'pictures.lance', 'data'), { recursive: true });
  const gone = await makeIndex('gone', { root: at('unplugged') });
  const unfinished = await makeIndex('unfinished', { isComplete: false });
  const found = (await checks()).filter(({ name }) => name === 'index');
  expect(found.map((check) => [check.status, check.fix !== undefined])).toEqual([
    ['problem', true],
    ['problem', true],
    ['problem', false],
    ['problem', true],
    ['problem', false],
  ]);
  expect(found.map((check) => check.found).join('\n')).toMatch(/unplugged, which is not there[\s\S]*never finished/);
  for (const check of found) await check.fix?.();
  expect([whole, gone, unfinished].map(existsSync)).toEqual([true, true, true]);
  expect([torn, empty, damaged].map(existsSync)).toEqual([false, false, false]);
});
