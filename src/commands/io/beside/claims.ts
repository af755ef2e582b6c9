import { lstat, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CocaError } from '../../../model/base/errors.js';
import { decodeName, encodeName } from '../../../model/base/file-names.js';
import { folderIdentity } from '../../../model/base/folders.js';
import { finalNameOf } from '../../../model/base/whole-file.js';

/** Which picture each file beside the pictures belongs to, so that none takes the place of another's or of what the run uses. */
export class Claims {
  /** By file, the picture that it belongs to: two pictures that differ only in their extension share a name. */
  readonly #owners = new Map<string, { readonly image: string; readonly entry: string }>();
  /** Folders that are being cleared of what earlier runs left, or have been. */
  readonly #cleared = new Map<string, Promise<void>>();
  /** Files of this run that none may replace, by what each is known by. */
  readonly #taken: Promise<ReadonlyMap<string, string>>;

  /**
   * @param what a file is, for errors: "text"
   * @param extension with its dot
   * @param taken files that the run reads or writes for something else
   */
  constructor(
    private readonly what: string,
    private readonly extension: string,
    taken: readonly string[],
  ) {
    const named = Promise.all(taken.map(async (name) => [await entryOf(name), name] as const));
    this.#taken = named.then((entries) => new Map(entries));
  }

  /**
   * Takes a name for a picture's file, and clears its folder of what killed runs left there.
   * @throws CocaError `usage` where another picture's file has the name, or a file of the run
   */
  async claim(name: string, image: string): Promise<void> {
    const [file, entry] = await Promise.all([entryOf(name), entryOf(image)]);
    const taken = (await this.#taken).get(file);
    if (taken !== undefined) {
      throw new CocaError(
        'usage',
        `the ${this.what} of ${image} would take the place of ${taken}, which this run uses`,
      );
    }
    const owner = this.#owners.get(file) ?? { image, entry };
    if (owner.entry !== entry) {
      throw new CocaError(
        'usage',
        `${name} holds the ${this.what} of ${owner.image}`,
        'pictures with one name need folders apart',
      );
    }
    this.#owners.set(file, owner);
    const folder = dirname(name);
    if (!this.#cleared.has(folder)) this.#cleared.set(folder, clearTemporaries(folder, this.extension));
    await this.#cleared.get(folder);
  }
}

/**
 * What a file is known by, however it is spelled and whether or not it is there: its folder's own number, and its name in it. Where
 * the system does not tell upper from lower case, as is usual on macOS and Windows, neither does this.
 */
async function entryOf(name: string): Promise<string> {
  const where = (await folderIdentity(dirname(name))) ?? resolve(dirname(name));
  const base = basename(name);
  return `${where}/${process.platform === 'linux' ? base : base.normalize().toLowerCase()}`;
}

/** Removes files in the making that runs which were killed left in a folder: those from before this process was started. */
async function clearTemporaries(folder: string, extension: string): Promise<void> {
  const entries = await readdir(encodeName(folder), { encoding: 'buffer' }).catch(() => []);
  for (const entry of entries.map(decodeName)) {
    if (!finalNameOf(entry)?.endsWith(extension)) continue;
    const path = encodeName(join(folder, entry));
    const stats = await lstat(path).catch(() => undefined);
    // It takes no time to write one, so another process that writes now began after this one.
    if (stats && stats.mtimeMs < performance.timeOrigin) await rm(path, { force: true }).catch(() => undefined);
  }
}
