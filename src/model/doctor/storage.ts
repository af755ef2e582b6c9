import { constants } from 'node:fs';
import { access, readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { computedFolders, conversionsFolder, quantisedFolder } from '../base/cache.js';
import { CocaError } from '../base/errors.js';
import { exists, isFolder } from '../base/folders.js';
import { ABANDONED_MS, finalNameOf, orWriteFailed } from '../base/whole-file.js';
import { openSafetensors } from '../checkpoint/index.js';
import { hubAccess, hubCacheFolder } from '../hub/environment.js';
import { orphanedBlobs } from '../hub/orphans.js';
import { listPartials, type PartialFile } from '../hub/partial.js';
import { freeBytes } from '../hub/space.js';
import { openAsWritten } from '../quantise/checkpoint.js';
import { configFolder } from '../store/settings.js';
import type { Check } from './check.js';

/** After so long a download is not gone on with. */
const FORGOTTEN_MS = 30 * ABANDONED_MS;

/** Whether folders can be written, what was left lying about in them, and how the hub would be reached. */
export async function* checkStorage(): AsyncGenerator<Check> {
  yield await checkFolder('models', 'Hugging Face cache', hubCacheFolder(), 'HF_HUB_CACHE');
  yield await checkFolder('models', 'conversions', conversionsFolder(), 'COCA_CACHE');
  yield await checkFolder('models', 'settings', configFolder(), 'COCA_CONFIG');
  yield await checkDownloads();
  yield await checkBlobs();
  yield await checkDerived('conversions of .bin', [conversionsFolder()], isBroken);
  yield await checkDerived('weights in int8', [quantisedFolder()], isNotAsWritten);
  yield await checkDerived('embeddings, kept', computedFolders(), isBroken);
  yield await checkHub();
}

async function checkFolder(area: Check['area'], name: string, folder: string, variable: string): Promise<Check> {
  const common = { area, name } as const;
  let nearest = folder;
  while (!(await exists(nearest)) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  const isWritable = await access(nearest, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!(await isFolder(nearest)) || !isWritable) {
    const found = `${folder} cannot be written`;
    return { ...common, status: 'problem', found, advice: `make it writable, or name another in ${variable}` };
  }
  const free = await freeBytes(nearest);
  const space = free === undefined ? '' : `, ${(free / 1e9).toFixed(1)} GB free`;
  return { ...common, status: 'ok', found: `${folder}${nearest === folder ? '' : ' (not made yet)'}${space}` };
}

/** Cut downloads: pull goes on with its own, so only what no download goes on with is in the way. */
async function checkDownloads(): Promise<Check> {
  const common = { area: 'models', name: 'cut downloads' } as const;
  const partials = (
    await Promise.all((await repositories()).map((folder) => listPartials(join(folder, 'blobs'))))
  ).flat();
  const waiting = partials.filter(({ state }) => state === 'free' || state === 'abandoned');
  const useless: PartialFile[] = [];
  for (const partial of partials) if (await isUseless(partial)) useless.push(partial);
  if (useless.length > 0) {
    const paths = useless.map(({ path }) => path);
    return { ...common, ...leftovers('abandoned downloads', paths, sizeOf(useless)) };
  }
  if (waiting.length === 0) return { ...common, status: 'ok', found: 'none' };
  const found = `${waiting.length} of ${sizeOf(waiting)}, which coca models pull goes on with`;
  return { ...common, status: 'ok', found };
}

async function isUseless({ path, hash, state, ageMs }: PartialFile): Promise<boolean> {
  if (state === 'owned') return false;
  if (state === 'foreign') return ageMs > ABANDONED_MS;
  return ageMs > FORGOTTEN_MS || (await exists(join(dirname(path), hash)));
}

/** Files that no revision of their model has any more. */
async function checkBlobs(): Promise<Check> {
  const common = { area: 'models', name: 'cached files' } as const;
  const orphans = (await Promise.all((await repositories()).map(orphanedBlobs))).flat();
  if (orphans.length === 0) return { ...common, status: 'ok', found: 'each belongs to a model' };
  const paths = orphans.map(({ path }) => path);
  return { ...common, ...leftovers('files that belong to no model', paths, sizeOf(orphans)) };
}

/** The folders of all models in the hub's cache, of whatever kind. */
async function repositories(): Promise<string[]> {
  const cache = hubCacheFolder();
  const names = await readdir(cache).catch(() => []);
  return names.filter((name) => name.startsWith('models--')).map((name) => join(cache, name));
}

/** What was made of weights, or computed with them. */
async function checkDerived(
  name: string,
  folders: readonly string[],
  isUseless: (path: string) => Promise<boolean>,
): Promise<Check> {
  const common = { area: 'models', name } as const;
  const paths: string[] = [];
  for (const folder of folders) {
    paths.push(...(await readdir(folder).catch(() => [])).map((name) => join(folder, name)));
  }
  const broken: string[] = [];
  let whole = 0;
  for (const path of paths) {
    const stats = await stat(path).catch(() => undefined);
    if (!stats?.isFile()) continue;
    if (finalNameOf(basename(path)) !== undefined) {
      if (Date.now() - stats.mtimeMs > ABANDONED_MS) broken.push(path);
    } else if (path.endsWith('.safetensors')) {
      if (await isUseless(path)) broken.push(path);
      else whole++;
    }
  }
  if (broken.length === 0) return { ...common, status: 'ok', found: whole === 0 ? 'none' : `${whole}, whole` };
  const sizes = await Promise.all(broken.map((path) => stat(path).catch(() => ({ size: 0 }))));
  return { ...common, ...leftovers('broken files', broken, sizeOf(sizes)) };
}

const isNotAsWritten = async (path: string): Promise<boolean> => typeof (await openAsWritten(path)) === 'string';

async function isBroken(path: string): Promise<boolean> {
  try {
    await openSafetensors(path);
    return false;
  } catch (error) {
    return error instanceof CocaError && error.code === 'bad-checkpoint';
  }
}

/** Files that are in the way and that nothing is lost with. */
function leftovers(
  what: string,
  paths: readonly string[],
  size: string,
): Pick<Check, 'status' | 'found' | 'advice' | 'fix'> {
  return {
    status: 'problem',
    found: `${paths.length} ${what} (${size})`,
    advice: 'coca doctor --fix removes them',
    async fix() {
      // Each is tried: one that cannot be removed is no reason to keep the others.
      const removals = paths.map((path) => orWriteFailed(path, rm(path, { force: true })));
      const failed = (await Promise.allSettled(removals)).find((removal) => removal.status === 'rejected');
      if (failed) throw failed.reason;
      return `removed ${paths.length} ${what} (${size})`;
    },
  };
}

const sizeOf = (files: readonly { readonly size: number }[]): string =>
  `${(files.reduce((sum, { size }) => sum + size, 0) / 1e6).toFixed(1)} MB`;

async function checkHub(): Promise<Check> {
  const common = { area: 'hub', name: 'hub' } as const;
  try {
    const { endpoint, tokenFrom, isOffline } = await hubAccess();
    const token = tokenFrom === undefined ? 'no token, which public models need not have' : `a token in ${tokenFrom}`;
    return { ...common, status: 'ok', found: `${endpoint}, ${token}${isOffline ? '; HF_HUB_OFFLINE is set' : ''}` };
  } catch (error) {
    const advice = error instanceof CocaError ? error.hint : undefined;
    return { ...common, status: 'problem', found: (error as Error).message, advice: advice ?? 'unset the variable' };
  }
}
