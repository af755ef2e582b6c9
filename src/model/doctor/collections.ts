import { CocaError } from '../base/errors.js';
import { isFolder } from '../base/folders.js';
import { type CachedIndex, cachedIndexes, hasTables, removeIndex } from '../collection/indexes.js';
import { loadLance } from '../collection/lancedb.js';
import type { Check } from './check.js';

/** Whether collections can be kept, and which of their indexes are of no use. */
export async function* checkCollections(): AsyncGenerator<Check> {
  const store = checkStore();
  yield store;
  const indexes = await cachedIndexes();
  const problems: Check[] = [];
  for (const index of indexes) {
    const problem = await problemOf(index, store.status === 'ok');
    if (problem) problems.push(problem);
  }
  const bytes = indexes.reduce((sum, index) => sum + index.bytes, 0);
  const found = indexes.length === 0 ? 'none' : `${indexes.length}, ${megabytes(bytes)}`;
  if (problems.length === 0) yield { area: 'models', name: 'indexes', status: 'ok', found };
  yield* problems;
}

function checkStore(): Check {
  const common = { area: 'program', name: 'lancedb' } as const;
  try {
    loadLance();
    return { ...common, status: 'ok', found: 'loaded: coca index, search, dedupe and cluster can keep collections' };
  } catch (error) {
    if (error instanceof CocaError) {
      const found = 'not installed: coca index, search, dedupe and cluster need it';
      return { ...common, status: 'absent', found, ...(error.hint && { advice: error.hint }) };
    }
    const found = (error as Error).message.split('\n')[0]!;
    return { ...common, status: 'problem', found, advice: 'install it anew for this platform' };
  }
}

async function problemOf(index: CachedIndex, canOpen: boolean): Promise<Check | undefined> {
  const { folder, manifest, bytes, isBusy } = index;
  if (isBusy) return undefined;
  const common = { area: 'models', name: 'index', status: 'problem' } as const;
  const size = megabytes(bytes);
  const broken = (why: string): Check => ({
    ...common,
    found: `${why} (${size})`,
    advice: 'coca doctor --fix removes it; coca index makes it anew',
    async fix() {
      await removeIndex(index);
      return `removed ${folder} (${size})`;
    },
  });
  if (manifest instanceof CocaError) return broken(manifest.message);
  const { root, isComplete, maker } = manifest;
  if (!(await isFolder(root))) {
    // It may be on a disk that is not there now, so nothing is removed.
    const found = `${folder} (${size}) is of ${root}, which is not there`;
    return { ...common, found, advice: `if it is not to come back: remove the folder of the index` };
  }
  if (!isComplete) {
    const found = `${folder} (${size}) is of ${root}, and was never finished`;
    return { ...common, found, advice: `coca index '${root}' --model ${maker.name} goes on with it` };
  }
  if (!(await hasTables(folder))) return broken(`${folder} has lost its tables`);
  if (!canOpen) return undefined;
  const { Collection } = await import('../collection/collection.js');
  try {
    const collection = await Collection.open(folder, manifest);
    try {
      await collection.check();
    } finally {
      collection.close();
    }
    return undefined;
  } catch (error) {
    if (error instanceof CocaError && error.code === 'bad-data') return broken(error.message);
    throw error;
  }
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
