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
  const walk = new Walk(root.endsWith('/') ? root : `${root}/`);
  yield* walk.all();
}

/** A folder below the root, with a slash at its end; or the root, empty. */
interface Folder {
  readonly path: string;
  /** Whether a link leads to it. */
  readonly isBehind: boolean;
}

class Walk {
  /** What tells folders apart, and files that links lead to. */
  readonly #seen = new Set<string>();
  readonly #folders: Folder[] = [{ path: '', isBehind: false }];
  // Links come last, those to files after those to folders: what they lead to may have been found by then.
  readonly #links: string[] = [];
  readonly #fileLinks: string[] = [];

  constructor(private readonly base: string) {}

  async *all(): AsyncGenerator<FoundFile | Unseen> {
    for (;;) {
      const folder = this.#folders.pop();
      if (folder) {
        yield* this.#inFolder(folder);
        continue;
      }
      const link = this.#links.shift();
      if (link === undefined) break;
      yield* this.#follow(link);
    }
    for (const link of this.#fileLinks) yield* this.#file(link, true);
  }

  async *#inFolder({ path: folder, isBehind }: Folder): AsyncGenerator<FoundFile | Unseen> {
    const path = encodeName(this.base + folder);
    let entries: Dirent<Buffer>[];
    try {
      if (!this.#isNew(await stat(path, { bigint: true }))) return;
      entries = await readdir(path, { withFileTypes: true, encoding: 'buffer' });
    } catch (error) {
      // Gone in this moment.
      if (folder !== '' && (error as NodeJS.ErrnoException).code === 'ENOENT') return;
      yield { path: folder === '' ? './' : folder, error: fileError(this.base + folder, error) };
      return;
    }
    const named = entries
      .map((entry) => ({ entry, name: decodeName(entry.name) }))
      .filter(({ name }) => !name.startsWith('.'))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const below: Folder[] = [];
    for (const { entry, name } of named) {
      if (entry.isSymbolicLink()) this.#links.push(folder + name);
      else if (entry.isDirectory()) below.push({ path: `${folder}${name}/`, isBehind });
      else if (PICTURE_NAME.test(name)) yield* this.#file(folder + name, isBehind);
    }
    this.#folders.push(...below.reverse());
  }

  /** @param isOnce whether it is left out if it was found by another name outside the root */
  async *#file(path: string, isOnce: boolean): AsyncGenerator<FoundFile | Unseen> {
    try {
      const found = await stat(encodeName(this.base + path), { bigint: true });
      if (isOnce && !this.#isNew(found)) return;
      const { size, mtimeNs: mtime, ctimeNs: ctime } = found;
      yield { path, size: Number(size), mtime, ctime };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') yield this.#unseen(path, error);
    }
  }

  /** Looks where a link leads. */
  async *#follow(path: string): AsyncGenerator<Unseen> {
    const isNamed = PICTURE_NAME.test(path);
    try {
      const isFolder = (await stat(encodeName(this.base + path))).isDirectory();
      if (!isFolder && !isNamed) return;
      const real = decodeName(await realpath(encodeName(this.base + path), { encoding: 'buffer' }));
      const isInside = real.startsWith(this.base) && !/(^|\/)\./.test(real.slice(this.base.length));
      if (isFolder && !isInside) this.#folders.push({ path: `${path}/`, isBehind: true });
      else if (!isFolder && !(isInside && PICTURE_NAME.test(real))) this.#fileLinks.push(path);
    } catch (error) {
      // A link that leads nowhere is no picture, unless it is called one.
      if (isNamed || (error as NodeJS.ErrnoException).code !== 'ENOENT') yield this.#unseen(path, error);
    }
  }

  #unseen(path: string, error: unknown): Unseen {
    return { path, error: fileError(this.base + path, error) };
  }

  #isNew({ dev, ino }: BigIntStats): boolean {
    const identity = `${dev}:${ino}`;
    if (this.#seen.has(identity)) return false;
    this.#seen.add(identity);
    return true;
  }
}
