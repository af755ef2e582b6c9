import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { collectionsFolder } from '../base/cache.js';
import { CocaError } from '../base/errors.js';
import { decodeName, encodeName } from '../base/file-names.js';
import { isFolder } from '../base/folders.js';
import { fileError } from '../base/regular-file.js';
import { type Maker, type Manifest, readManifest, requireMaker } from './manifest.js';

/** An index that is there. */
export interface Place {
  /** The folder that it lies in. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** The folder that was asked for, below the root of the index: empty for the root itself, else with a slash at its end. */
  readonly below: string;
}

/**
 * The real path of a folder of pictures.
 * @throws CocaError `not-found`, `unreadable`; `usage` for what is no folder
 */
export async function realFolder(name: string): Promise<string> {
  let real: string;
  try {
    real = decodeName(await realpath(encodeName(name), { encoding: 'buffer' }));
  } catch (error) {
    throw fileError(name, error);
  }
  if (!(await isFolder(real))) throw new CocaError('usage', `${name} is no folder`, 'name a folder of pictures');
  return real;
}

/**
 * Where an index of a folder lies by itself: in the cache, by the folder's real path and what made the embeddings, so that one of
 * other weights, precision or pixels is another beside it.
 */
export function defaultPlace(root: string, { fingerprint, precision, pixels }: Maker): string {
  const key = createHash('sha256').update(encodeName(root)).digest('hex').slice(0, 32);
  const variant = pixels === 'upright' ? '' : `-${pixels}`;
  return join(collectionsFolder(), key, `${fingerprint.slice(0, 32)}-${precision}${variant}`);
}

/**
 * The index of a folder, or of the nearest folder above it that has one.
 * @param chosen where it lies, if not in the cache
 * @throws CocaError `bad-data` for an index of other embeddings or of another folder, `unreadable`
 */
export async function findPlace(root: string, maker: Maker, chosen?: string): Promise<Place | undefined> {
  if (chosen !== undefined) {
    const manifest = await readManifest(chosen);
    if (manifest === undefined) return undefined;
    requireMaker(chosen, manifest, maker);
    const below = belowOf(root, manifest.root);
    if (below === undefined) {
      throw new CocaError('bad-data', `the index in ${chosen} is of ${manifest.root}, not of ${root}`);
    }
    return { folder: chosen, manifest, below };
  }
  for (let at = root; ; at = dirname(at)) {
    const folder = defaultPlace(at, maker);
    const manifest = await readManifest(folder);
    const below = manifest && belowOf(root, manifest.root);
    if (manifest && below !== undefined) {
      requireMaker(folder, manifest, maker);
      return { folder, manifest, below };
    }
    if (dirname(at) === at) return undefined;
  }
}

function belowOf(folder: string, root: string): string | undefined {
  if (folder === root) return '';
  const start = root.endsWith('/') ? root : `${root}/`;
  return folder.startsWith(start) ? `${folder.slice(start.length)}/` : undefined;
}
