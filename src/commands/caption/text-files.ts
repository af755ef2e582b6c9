import { lstat, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join, parse, resolve } from 'node:path';
import type { OptionSpecs } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import { decodeName, encodeName } from '../../model/base/file-names.js';
import { folderIdentity } from '../../model/base/folders.js';
import { finalNameOf, writeWhole } from '../../model/base/whole-file.js';
import { isUrl, publicName } from '../../model/net/address.js';
import { visible } from '../../ui/text.js';
import { readRegularFile } from '../io/files.js';

/** Options of commands that can leave a text beside each picture. */
export const TEXT_FILE_OPTIONS = {
  writeTxt: { type: 'flag', description: 'captions also into NAME.txt beside each picture, a line each' },
  ifExists: {
    type: 'choice',
    choices: ['skip', 'overwrite', 'append'],
    placeholder: 'WHAT',
    otherwise: 'skip',
    description: 'where NAME.txt is there: leave the picture out, replace it, or add lines',
  },
} as const satisfies OptionSpecs;

export type IfExists = (typeof TEXT_FILE_OPTIONS.ifExists.choices)[number];

/**
 * Checks the options above against the others.
 * @param images the words that name pictures
 * @throws CocaError `usage`
 */
export function checkTextFiles(
  options: { readonly writeTxt: boolean; readonly ifExists: IfExists | undefined; readonly resume: boolean },
  images: readonly string[],
): void {
  if (!options.writeTxt) {
    if (options.ifExists === undefined) return;
    throw new CocaError('usage', '--if-exists is about the files of --write-txt', 'add --write-txt');
  }
  for (const image of images) textName(image);
  if (options.resume && options.ifExists === 'append') {
    throw new CocaError(
      'usage',
      'what a killed run has appended cannot be told from what was there: --resume has no --if-exists append',
    );
  }
}

/**
 * The text file of a picture: beside it, `.txt` in place of its extension, as trainers look for captions.
 * @throws CocaError `usage` for what has no place on the disk, or would be replaced by its own text
 */
export function textName(image: string): string {
  if (image === '-' || isUrl(image)) {
    const what = image === '-' ? 'a picture on stdin (-)' : publicName(image);
    throw new CocaError('usage', `${what} has no folder for the file of --write-txt`, 'save the picture first');
  }
  const { ext } = parse(image);
  if (ext.toLowerCase() === '.txt') throw new CocaError('usage', `the text of ${image} would take its own place`);
  return `${image.slice(0, image.length - ext.length)}.txt`;
}

/** Files with captions beside the pictures, each written whole or not at all. */
export class TextFiles {
  /** By text file, the picture that it belongs to: two pictures that differ only in their extension share a name. */
  readonly #owners = new Map<string, { readonly image: string; readonly entry: string }>();
  /** Folders that are being cleared of what earlier runs left, or have been. */
  readonly #cleared = new Map<string, Promise<void>>();

  /** Files of this run that no text may replace, by what each is known by. */
  readonly #taken: Promise<ReadonlyMap<string, string>>;

  /** @param taken files that the run reads or writes for something else */
  constructor(
    private readonly ifExists: IfExists,
    taken: readonly string[] = [],
  ) {
    const named = Promise.all(taken.map(async (name) => [await entryOf(name), name] as const));
    this.#taken = named.then((entries) => new Map(entries));
  }

  /** Whether a picture has its text already and is to be left out. What can have no text goes on, and fails there. */
  async skips(image: string): Promise<boolean> {
    if (this.ifExists !== 'skip') return false;
    try {
      return await hasText(await this.#claim(image));
    } catch {
      return false;
    }
  }

  /**
   * Writes a picture's text as `--if-exists` says.
   * @throws CocaError `usage` where another picture's text has the name; `unreadable`, `write-failed`
   */
  async write(image: string, captions: readonly string[]): Promise<void> {
    const name = await this.#claim(image);
    if (this.ifExists === 'skip' && (await hasText(name))) return;
    const before = this.ifExists === 'append' && (await hasText(name)) ? await readRegularFile(name) : Buffer.alloc(0);
    const isOpen = before.length > 0 && before.at(-1) !== 0x0a;
    const lines = captions.map((caption) => `${visible(caption)}\n`).join('');
    const text = Buffer.concat([before, Buffer.from(isOpen ? `\n${lines}` : lines)]);
    await writeWhole(name, (write) => write(text), undefined, encodeName);
  }

  /** Makes sure that a caption of an earlier run has its file: that run may have been killed before it wrote it. */
  async restore(image: string, captions: readonly string[], isLast: boolean): Promise<void> {
    const name = await this.#claim(image);
    if ((isLast && this.ifExists === 'overwrite') || !(await hasText(name))) await this.write(image, captions);
  }

  async #claim(image: string): Promise<string> {
    const name = textName(image);
    const [text, entry] = await Promise.all([entryOf(name), entryOf(image)]);
    const taken = (await this.#taken).get(text);
    if (taken !== undefined) {
      throw new CocaError('usage', `the text of ${image} would take the place of ${taken}, which this run uses`);
    }
    const owner = this.#owners.get(text) ?? { image, entry };
    if (owner.entry !== entry) {
      throw new CocaError(
        'usage',
        `${name} holds the text of ${owner.image}`,
        'pictures with one name need folders apart',
      );
    }
    this.#owners.set(text, owner);
    const folder = dirname(name);
    if (!this.#cleared.has(folder)) this.#cleared.set(folder, clearTemporaries(folder));
    await this.#cleared.get(folder);
    return name;
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

/** Removes texts in the making that runs which were killed left in a folder: those from before this process was started. */
async function clearTemporaries(folder: string): Promise<void> {
  const entries = await readdir(encodeName(folder), { encoding: 'buffer' }).catch(() => []);
  for (const entry of entries.map(decodeName)) {
    if (!finalNameOf(entry)?.endsWith('.txt')) continue;
    const path = encodeName(join(folder, entry));
    const stats = await lstat(path).catch(() => undefined);
    // It takes no time to write one, so another process that writes now began after this one.
    if (stats && stats.mtimeMs < performance.timeOrigin) await rm(path, { force: true }).catch(() => undefined);
  }
}

/** @throws CocaError `write-failed` where the text's name is a folder's */
async function hasText(name: string): Promise<boolean> {
  const stats = await lstat(encodeName(name)).catch(() => undefined);
  if (stats?.isDirectory())
    throw new CocaError('write-failed', `${name} is a folder: there can be no text of that name`);
  return stats !== undefined;
}
