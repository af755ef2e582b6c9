import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stopIfAborted } from '../base/errors.js';
import { encodeName } from '../base/file-names.js';
import type { Collection } from './collection.js';
import type { Broken, Kept } from './tables.js';
import { type FoundFile, type Unseen, walkPictures } from './walk.js';

/** A file to be read. */
export interface Fresh extends FoundFile {
  /** Whether another version of it is in the index, as a picture. */
  readonly isKnown: boolean;
  /** Whether another version of it could not be read. */
  readonly wasBroken: boolean;
}

/** What there is to do for an index to be of what its folder holds now. */
export interface Plan {
  /** When the folder was looked at, in nanoseconds since 1970. */
  readonly at: bigint;
  /** To be read: not known yet, or changed since. */
  readonly fresh: readonly Fresh[];
  /** Files with another stamp and the same contents. */
  readonly touched: readonly FoundFile[];
  /** No longer there. */
  readonly gone: readonly string[];
  /** Of `gone`, how many were pictures. */
  readonly removed: number;
  readonly unchanged: number;
  /** Told before, and as they were. */
  readonly broken: readonly Broken[];
  /** What could not be looked at. */
  readonly unseen: readonly Unseen[];
}

/** Clocks of file systems are as coarse as this, in nanoseconds (FAT: two seconds). */
const COARSEST = 2_000_000_000n;

/**
 * Compares a folder with its index. A file is as it was if its size and both its times are. If its size alone is,
 * or it was changed so shortly before it was read that a later change may bear the same times, its contents are compared (SHA-256).
 * @param onProgress how many files were seen
 * @throws CocaError `interrupted`
 */
export async function planUpdate(
  collection: Collection,
  { signal, onProgress }: { readonly signal?: AbortSignal; readonly onProgress?: (seen: number) => void } = {},
): Promise<Plan> {
  const { root } = collection.manifest;
  const at = BigInt(Date.now()) * 1_000_000n;
  const pictures = await collection.kept();
  const broken = await collection.allBroken();
  const uncaptioned = collection.manifest.captions ? await collection.uncaptioned() : new Set<string>();
  const fresh: Fresh[] = [];
  const touched: FoundFile[] = [];
  const unseen: Unseen[] = [];
  const stillBroken: Broken[] = [];
  let unchanged = 0;
  let seen = 0;
  for await (const found of walkPictures(root)) {
    stopIfAborted(signal);
    onProgress?.(++seen);
    const { path } = found;
    if ('error' in found) {
      unseen.push(found);
      // What may still be there stays as it is known, of a folder all that was in it.
      if (found.error.code !== 'not-found') for (const known of [pictures, broken]) forget(known, path);
      continue;
    }
    const picture = pictures.get(path);
    const wrong = broken.get(path);
    pictures.delete(path);
    broken.delete(path);
    if (wrong && isSame(wrong, found) && !mayHide(wrong)) stillBroken.push(wrong);
    else if (picture === undefined) fresh.push({ ...found, isKnown: false, wasBroken: wrong !== undefined });
    else if (uncaptioned.has(path)) fresh.push({ ...found, isKnown: true, wasBroken: false });
    else if (isSame(picture, found) && !mayHide(picture)) unchanged++;
    else if (picture.size === found.size && (await hashOf(root, path)) === picture.hash) touched.push(found);
    else fresh.push({ ...found, isKnown: true, wasBroken: false });
  }
  const gone = [...pictures.keys(), ...broken.keys()];
  return { at, fresh, touched, gone, removed: pictures.size, unchanged, broken: stillBroken, unseen };
}

function forget(known: Map<string, unknown>, path: string): void {
  if (path === './') known.clear();
  else if (!path.endsWith('/')) known.delete(path);
  else for (const name of known.keys()) if (name.startsWith(path)) known.delete(name);
}

const isSame = (kept: Kept, { size, mtime, ctime }: FoundFile): boolean =>
  kept.size === size && kept.mtime === mtime && kept.ctime === ctime;

const mayHide = ({ mtime, ctime, read }: Kept): boolean => mtime > read - COARSEST || ctime > read - COARSEST;

/** Undefined for a file that cannot be read: it is read once more, and then told. */
async function hashOf(root: string, path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(encodeName(`${root}/${path}`))) hash.update(chunk as Buffer);
    return hash.digest('hex');
  } catch {
    return undefined;
  }
}
