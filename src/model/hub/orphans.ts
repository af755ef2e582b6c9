import { lstat, readdir, readlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { exists } from '../base/folders.js';
import { ABANDONED_MS } from '../base/whole-file.js';
import { isContentHash } from './hash.js';
import { listPartials } from './partial.js';

/** A file without a name, on the disk in vain. */
export interface OrphanedBlob {
  readonly path: string;
  readonly size: number;
}

/** A program that fetches a file, Python too, puts it in place before a snapshot links to it: for so long it may be on its way. */
const SETTLED_MS = 60 * 60 * 1000;

/**
 * Blobs that no snapshot of their repository links to: what a removal that was killed has left. None while a program
 * fetches into the repository, or where not all of it can be read.
 * @param repository a folder of the hub's cache: `models--OWNER--NAME`
 */
export async function orphanedBlobs(repository: string): Promise<OrphanedBlob[]> {
  const blobs = join(repository, 'blobs');
  const isFetched = (await listPartials(blobs)).some(
    ({ state, ageMs }) => state === 'owned' || (state === 'foreign' && ageMs < ABANDONED_MS),
  );
  if (isFetched) return [];
  const names = (await readdir(blobs).catch(() => [])).filter(isContentHash);
  const linked = names.length > 0 ? await linkedNames(join(repository, 'snapshots')) : undefined;
  if (linked === undefined) return [];
  const orphans: OrphanedBlob[] = [];
  for (const name of names) {
    if (linked.has(name)) continue;
    const path = join(blobs, name);
    const stats = await lstat(path).catch(() => undefined);
    if (stats === undefined || Date.now() - stats.mtimeMs < SETTLED_MS) continue;
    orphans.push({ path, size: stats.isFile() ? stats.size : 0 });
  }
  return orphans;
}

/** The names of all files that links in a folder lead to, wherever those are; undefined where it cannot be read whole. */
async function linkedNames(folder: string): Promise<ReadonlySet<string> | undefined> {
  if (!(await exists(folder))) return new Set();
  try {
    const names = await readdir(folder, { recursive: true });
    const targets = await Promise.all(names.map((name) => targetOf(join(folder, name))));
    return new Set(targets.filter((target) => target !== undefined).map((target) => basename(target)));
  } catch {
    return undefined;
  }
}

/**
 * Where a link leads; undefined for anything but a link.
 * @throws the system's error
 */
async function targetOf(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EINVAL') return undefined;
    throw error;
  }
}
