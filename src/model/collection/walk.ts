import type { BigIntStats, Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import type { CocaError } from '../base/errors.js';
import { decodeName, encodeName, PICTURE_NAME } from '../base/file-names.js';
import { fileError } from '../base/regular-file.js';

/** What tells a version of a file from others. */
export interface Stamp {
  /** In bytes. */
  readonly size: number;
  /** Last change of its contents, in nanoseconds since 1970. */
  readonly mtime: bigint;
  /** Last change of its entry in the file system, which no program can set back. */
  readonly ctime: bigint;
}

/** A file that is called like a picture. `path`: below the root, with slashes. */
export interface FoundFile extends Stamp {
  readonly path: string;
}

/** What could not be looked at. Of a folder, whose path ends in a slash, it is not known what is in it. */
export interface Unseen {
  readonly path: string;
  readonly error: CocaError;
}

/**
 * The pictures in a folder and all below, told by the ends of their names, each once. Names that begin with a dot are left out.
 *
 * A link is followed where it leads out of the root, or to a name that is left out; what it leads to otherwise is found by itself.
 * A folder is gone through once, whichever and however many links lead to it, so cycles end.
 * @param root a real path
 */
export async function* walkPictures(root: string): AsyncGenerator<FoundFile | Unseen> {
  const base = root.endsWith('/') ? root : `${root}/`;
  const seen = new Set<string>();
  // Links come last: what they lead to may have been found by then.
  const folders: string[] = [''];
  const links: string[] = [];
  for (;;) {
    const folder = folders.pop();
    if (folder !== undefined) {
      yield* inFolder(base, folder, seen, folders, links);
      continue;
    }
    const link = links.shift();
    if (link === undefined) return;
    yield* behind(base, link, seen, folders);
  }
}

async function* inFolder(
  base: string,
  folder: string,
  seen: Set<string>,
  folders: string[],
  links: string[],
): AsyncGenerator<FoundFile | Unseen> {
  let entries: Dirent<Buffer>[];
  try {
    const identity = identityOf(await stat(encodeName(base + folder), { bigint: true }));
    if (seen.has(identity)) return;
    seen.add(identity);
    entries = await readdir(encodeName(base + folder), { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    // Gone in this moment.
    if (folder !== '' && (error as NodeJS.ErrnoException).code === 'ENOENT') return;
    yield { path: folder === '' ? './' : folder, error: fileError(base + folder, error) };
    return;
  }
  const named = entries
    .map((entry) => ({ entry, name: decodeName(entry.name) }))
    .filter(({ name }) => !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const below: string[] = [];
  for (const { entry, name } of named) {
    const path = folder + name;
    if (entry.isSymbolicLink()) links.push(path);
    else if (entry.isDirectory()) below.push(`${path}/`);
    else if (PICTURE_NAME.test(name)) yield* stamped(base, path);
  }
  folders.push(...below.reverse());
}

/** What a link leads to. */
async function* behind(
  base: string,
  path: string,
  seen: Set<string>,
  folders: string[],
): AsyncGenerator<FoundFile | Unseen> {
  const isNamed = PICTURE_NAME.test(path);
  try {
    const found = await stat(encodeName(base + path), { bigint: true });
    if (!found.isDirectory() && !isNamed) return;
    const real = decodeName(await realpath(encodeName(base + path), { encoding: 'buffer' }));
    const isInside = real.startsWith(base) && !/(^|\/)\./.test(real.slice(base.length));
    if (found.isDirectory()) {
      if (!isInside) folders.push(`${path}/`);
      return;
    }
    if ((isInside && PICTURE_NAME.test(real)) || seen.has(identityOf(found))) return;
    seen.add(identityOf(found));
    yield fileOf(path, found);
  } catch (error) {
    // A link that leads nowhere is no picture, unless it is called one.
    if (isNamed || (error as NodeJS.ErrnoException).code !== 'ENOENT') {
      yield { path, error: fileError(base + path, error) };
    }
  }
}

async function* stamped(base: string, path: string): AsyncGenerator<FoundFile | Unseen> {
  try {
    yield fileOf(path, await stat(encodeName(base + path), { bigint: true }));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') yield { path, error: fileError(base + path, error) };
  }
}

const identityOf = ({ dev, ino }: BigIntStats): string => `${dev}:${ino}`;

const fileOf = (path: string, { size, mtimeNs, ctimeNs }: BigIntStats): FoundFile => ({
  path,
  size: Number(size),
  mtime: mtimeNs,
  ctime: ctimeNs,
});
