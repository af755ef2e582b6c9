import { lstat, readdir, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { collectionsFolder } from '../base/cache.js';
import { CocaError } from '../base/errors.js';
import { exists, isFolder } from '../base/folders.js';
import { lockOwner } from '../base/processes/folder-lock.js';
import { orWriteFailed } from '../base/whole-file.js';
import { LOCK_FILE, type Manifest, readManifest } from './manifest.js';

/** An index in the cache. */
export interface CachedIndex {
  readonly folder: string;
  /** What it is of, or why that cannot be told. */
  readonly manifest: Manifest | CocaError;
  readonly bytes: number;
  /** Whether another process writes in it. */
  readonly isBusy: boolean;
}

/** The indexes in the cache; those elsewhere (`--index`) nobody lists. */
export async function cachedIndexes(env?: NodeJS.ProcessEnv): Promise<CachedIndex[]> {
  const root = collectionsFolder(env);
  const indexes: CachedIndex[] = [];
  for (const collection of await namesIn(root)) {
    for (const variant of await namesIn(join(root, collection))) {
      const folder = join(root, collection, variant);
      if (!(await isFolder(folder))) continue;
      const isBusy = (await lockOwner(folder, LOCK_FILE)) !== undefined;
      indexes.push({ folder, manifest: await manifestOf(folder), bytes: await bytesBelow(folder), isBusy });
    }
  }
  return indexes;
}

/** Whether an index has embeddings of weights: its folder's name begins with what tells these from others. */
export const isOf = ({ folder }: Pick<CachedIndex, 'folder'>, fingerprints: readonly string[]): boolean =>
  fingerprints.some((fingerprint) => basename(folder).startsWith(`${fingerprint.slice(0, 32)}-`));

/**
 * Removes an index; the pictures stay.
 * @throws CocaError `write-failed`
 */
export async function removeIndex({ folder }: Pick<CachedIndex, 'folder'>): Promise<void> {
  await orWriteFailed(folder, rm(folder, { recursive: true, force: true }));
  // The folder of a collection goes with its last index.
  await rmdir(dirname(folder)).catch(() => undefined);
}

/** Whether the tables that a finished index must have are there. */
export const hasTables = (folder: string): Promise<boolean> => exists(join(folder, 'pictures.lance'));

async function manifestOf(folder: string): Promise<Manifest | CocaError> {
  try {
    const missing = new CocaError('bad-data', `${folder} has no manifest`, 'remove it, and index anew');
    return (await readManifest(folder)) ?? missing;
  } catch (error) {
    if (error instanceof CocaError) return error;
    throw error;
  }
}

async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).sort();
}

async function bytesBelow(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  let bytes = 0;
  for (const name of names) {
    const stats = await lstat(join(folder, name)).catch(() => undefined);
    if (stats?.isFile()) bytes += stats.size;
  }
  return bytes;
}
