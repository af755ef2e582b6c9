import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CocaError } from '../base/errors.js';
import { exists, makeFolder } from '../base/folders.js';
import { ABANDONED_MS, finalNameOf } from '../base/whole-file.js';
import { openSafetensors, type SafetensorsFile } from './safetensors.js';

/** A file that was derived from weights; undefined where it is not there or not whole (a disk that failed): it is made anew. */
export async function openUsable(target: string): Promise<SafetensorsFile | undefined> {
  try {
    return await openSafetensors(target);
  } catch (error) {
    if (error instanceof CocaError && (error.code === 'not-found' || error.code === 'bad-checkpoint')) return undefined;
    throw error;
  }
}

/** What the name of a file in the cache is that was made of weights: it begins with what tells these from others. */
export const derivedName = (fingerprint: string, rest: string): string =>
  `${fingerprint.slice(0, 32)}-${rest}.safetensors`;

/** The files of a folder of the cache that were made of weights, by their fingerprint. */
export async function derivedFiles(fingerprint: string, cacheDir: string): Promise<string[]> {
  const names = await readdir(cacheDir).catch(() => []);
  const start = `${fingerprint.slice(0, 32)}-`;
  return names.filter((name) => name.startsWith(start)).map((name) => join(cacheDir, name));
}

/**
 * Makes the folder that a derived file is to be written into, and removes what killed processes left of that file.
 * @param what the cache is of, for the error
 * @throws CocaError `write-failed`
 */
export async function prepareCache(cacheDir: string, name: string, what: string): Promise<void> {
  try {
    await makeFolder(cacheDir);
    for (const other of await readdir(cacheDir)) {
      if (finalNameOf(other) !== name) continue;
      const abandoned = join(cacheDir, other);
      const age = Date.now() - (await stat(abandoned)).mtimeMs;
      if (age > ABANDONED_MS) await rm(abandoned, { force: true });
    }
  } catch (cause) {
    // Another process may have finished and renamed its temporary file between the two calls.
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' && (await exists(cacheDir))) return;
    const reason = `${cacheDir}: the cache of ${what} cannot be used (${code ?? message})`;
    throw new CocaError('write-failed', reason, 'check that the folder is writable', { cause });
  }
}
