import { lstat, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CocaError } from '../base/errors.js';
import { orWriteFailed } from '../base/whole-file.js';
import { weightsFile } from '../checkpoint/index.js';
import { type CachedIndex, removeIndex } from '../collection/indexes.js';
import { CARD_FILE, CONFIG_FILE, TOKENIZER_FILES } from '../store/model-files.js';
import { derivedOf, indexesOf } from './derived.js';
import { hubCacheFolder } from './environment.js';
import { cachedAs, cachedModels } from './installed.js';
import { findSnapshot, RepositoryCache } from './layout.js';
import { displayName, parseHubName } from './names.js';
import { listPartials } from './partial.js';

export interface Removal {
  readonly name: string;
  readonly repository: string;
  /** Bytes that the disk has back. */
  readonly freed: number;
  /** Bytes of files that other revisions, or other programs in Python's shared store, still have. */
  readonly kept: number;
  /** Files in the same folder that this program has no use for: the program that fetched them may want them. */
  readonly others: readonly string[];
  /** Folders of pictures whose indexes in the cache went, too. */
  readonly indexes: readonly string[];
  /** Those whose indexes stay, since another process writes in them. */
  readonly busy: readonly string[];
}

/**
 * Removes a model from the hub's cache: the files that this program reads, their blobs unless another revision has them
 * too, its conversion and its cut downloads. Follows no link out of the repository's own folder.
 * @throws CocaError `usage`, `not-found`, `write-failed`
 */
export async function removeModel(name: string, env: NodeJS.ProcessEnv = process.env): Promise<Removal> {
  const ref = parseHubName(name);
  const cacheFolder = hubCacheFolder(env);
  // One that was cut is no snapshot that a name stands for yet.
  const listed = cachedAs(displayName(ref), await cachedModels(env));
  const shown = listed?.name ?? displayName(ref);
  const folder = listed?.folder ?? (await findSnapshot(ref, shown, cacheFolder));
  const cache = new RepositoryCache(cacheFolder, listed?.repository ?? ref.repository);
  return orWriteFailed(cache.folder, removeFrom(cache, folder, shown, env));
}

async function removeFrom(
  cache: RepositoryCache,
  folder: string,
  name: string,
  env: NodeJS.ProcessEnv,
): Promise<Removal> {
  const indexes = await removeIndexes(folder, env);
  let freed = indexes.freed + (await removeDerived(folder, env));
  let kept = 0;
  // A snapshot that is a link itself leads to a folder of the user's: the link goes, and nothing in it.
  const isLink = (await lstat(folder)).isSymbolicLink();
  const names = isLink ? [] : await readdir(folder);
  const own = await ownFiles(folder, names);
  const hashes = new Set<string>();
  for (const file of own) {
    const path = join(folder, file);
    const hash = await cache.linkedHash(path);
    if (hash === undefined) freed += await sizeOnDisk(path);
    else hashes.add(hash);
    await rm(path);
  }
  const others = names.filter((file) => !own.includes(file));
  if (others.length === 0) await removeSnapshot(cache, folder, isLink);
  const stillLinked = await linkedHashes(cache);
  for (const hash of hashes) {
    const blob = cache.blob(hash);
    const size = await sizeOnDisk(blob);
    const whole = (await stat(blob).catch(() => undefined))?.size ?? 0;
    if (stillLinked.has(hash)) kept += whole;
    else {
      await rm(blob, { force: true });
      freed += size;
      kept += whole - size;
    }
  }
  for (const { path, size, state } of await listPartials(cache.blobs)) {
    if (state === 'owned' || state === 'foreign') continue;
    await rm(path, { force: true });
    freed += size;
  }
  // What is left besides is notes: branches, and names that Python found missing.
  if ((await isEmpty(cache.snapshots)) && (await isEmpty(cache.blobs))) {
    await rm(cache.folder, { recursive: true, force: true });
  }
  return { name, repository: cache.repository, freed, kept, others, indexes: indexes.gone, busy: indexes.busy };
}

/** The files of a snapshot that this program reads. */
async function ownFiles(folder: string, names: readonly string[]): Promise<string[]> {
  const weights = await weightsFile(folder).catch(() => undefined);
  const wanted = [CONFIG_FILE, CARD_FILE, ...TOKENIZER_FILES].map((name) => join(folder, name));
  return names.filter((name) => wanted.includes(join(folder, name)) || join(folder, name) === weights);
}

/** Removes what was made of the weights: their conversion, their quantised form, and what the model computed and kept. */
async function removeDerived(folder: string, env: NodeJS.ProcessEnv): Promise<number> {
  const weights = await weightsFile(folder).catch(() => undefined);
  if (weights === undefined) return 0;
  let freed = 0;
  for (const path of await derivedOf(weights, env)) {
    freed += await sizeOnDisk(path);
    await rm(path, { force: true });
  }
  return freed;
}

/** Removes the indexes in the cache that have the model's embeddings: nothing else can search them. */
async function removeIndexes(
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly freed: number; readonly gone: string[]; readonly busy: string[] }> {
  const weights = await weightsFile(folder).catch(() => undefined);
  const indexes = weights === undefined ? [] : await indexesOf(weights, env);
  const nameOf = ({ folder: at, manifest }: CachedIndex) => (manifest instanceof CocaError ? at : manifest.root);
  const gone = indexes.filter(({ isBusy }) => !isBusy);
  for (const index of gone) await removeIndex(index);
  return {
    freed: gone.reduce((sum, { bytes }) => sum + bytes, 0),
    gone: gone.map(nameOf),
    busy: indexes.filter(({ isBusy }) => isBusy).map(nameOf),
  };
}

/** A snapshot without files, and the names that stand for it. */
async function removeSnapshot(cache: RepositoryCache, folder: string, isLink: boolean): Promise<void> {
  await (isLink ? rm(folder) : rmdir(folder));
  const names = await readdir(cache.refs, { recursive: true }).catch(() => []);
  for (const name of names) {
    const commit = await cache.commitOf(name);
    if (commit !== undefined && cache.snapshot(commit) === folder) await rm(join(cache.refs, name), { force: true });
  }
}

async function linkedHashes(cache: RepositoryCache): Promise<ReadonlySet<string | undefined>> {
  const files = await readdir(cache.snapshots, { recursive: true }).catch(() => []);
  return new Set(await Promise.all(files.map((file) => cache.linkedHash(join(cache.snapshots, file)))));
}

const isEmpty = async (folder: string): Promise<boolean> => (await readdir(folder).catch(() => [])).length === 0;

/** Bytes that go when this path goes: none for a link, whose file stays. */
async function sizeOnDisk(path: string): Promise<number> {
  const stats = await lstat(path).catch(() => undefined);
  return stats?.isFile() ? stats.size : 0;
}
