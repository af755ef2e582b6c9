import { lstat } from 'node:fs/promises';
import { CocaError } from '../../model/base/errors.js';
import { encodeName } from '../../model/base/file-names.js';
import { writeWhole } from '../../model/base/whole-file.js';
import { visible } from '../../ui/text.js';
import { Claims } from '../io/beside/claims.js';
import { readRegularFile } from '../io/files.js';
import { type IfExists, textName } from './text-options.js';

/** Files with captions beside the pictures, each written whole or not at all. */
export class TextFiles {
  readonly #claims: Claims;

  /** @param taken files that the run reads or writes for something else */
  constructor(
    private readonly ifExists: IfExists,
    taken: readonly string[] = [],
  ) {
    this.#claims = new Claims('text', '.txt', taken);
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
    await this.#claims.claim(name, image);
    return name;
  }
}

/** @throws CocaError `write-failed` where the text's name is a folder's */
async function hasText(name: string): Promise<boolean> {
  const stats = await lstat(encodeName(name)).catch(() => undefined);
  if (stats?.isDirectory())
    throw new CocaError('write-failed', `${name} is a folder: there can be no text of that name`);
  return stats !== undefined;
}
