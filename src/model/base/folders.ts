import { lstat, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { encodeName } from './file-names.js';

/**
 * Makes a folder and those above it. Node's own recursive mkdir does not return for a folder that a file system refuses
 * with "not found" although its parent is there (/proc).
 * @throws the system's error
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeOne(path);
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw error;
    // Another process may have made the parent in between: then it is only to be tried again.
    if (!(await isFolder(parent))) await makeFolder(parent);
    await makeOne(path);
  }
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !(await isFolder(path))) throw error;
  }
}

/** Whether a path is a folder, links followed. */
export const isFolder = (path: string) =>
  stat(encodeName(path)).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** Whether there is anything at a path, links followed. */
export const exists = (path: string) =>
  stat(encodeName(path)).then(
    () => true,
    () => false,
  );

/** Whether a folder has an entry of this name, also a link that leads nowhere. */
export const hasEntry = (path: string) =>
  lstat(encodeName(path)).then(
    () => true,
    () => false,
  );

/** What tells a folder from all others on this machine, whichever way leads to it; undefined where there is none. */
export const folderIdentity = (path: string): Promise<string | undefined> =>
  stat(encodeName(path), { bigint: true }).then(
    ({ dev, ino }) => `${dev}:${ino}`,
    () => undefined,
  );
