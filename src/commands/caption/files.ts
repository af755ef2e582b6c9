import type { CommandContext } from '../../cli/command.js';
import type { Coca } from '../../model/api.js';
import type { CocaError } from '../../model/base/errors.js';
import { type Tally, toItemError } from '../io/results.js';
import { type EarlierResult, ResultsFile } from '../io/results-file.js';
import { runRecord } from '../io/run-record.js';
import { type IfExists, TextFiles } from './text-files.js';

export interface CaptionFilesOptions {
  /** Lists that are read: no text may take their place. */
  readonly files: readonly string[];
  readonly files0: readonly string[];
  readonly output: string | undefined;
  readonly resume: boolean;
  readonly writeTxt: boolean;
  readonly ifExists: IfExists | undefined;
}

/**
 * The files that captions go into, a file of results and texts beside the pictures, and what earlier runs left in
 * them. A result is written before its text, so a picture that has none yet has no text of this run either.
 */
export class CaptionFiles {
  #leftOut = 0;
  readonly #notRestored: { readonly image: string; readonly error: CocaError }[] = [];

  private constructor(
    private readonly context: Pick<CommandContext, 'notice'>,
    private readonly texts: TextFiles | undefined,
  ) {}

  /** Where results go instead of stdout. */
  results: ResultsFile | undefined;

  /**
   * Opens the files that the options ask for; texts that a killed run did not come to write are written.
   * @param search every option that shapes a caption
   * @throws CocaError as `ResultsFile.open` does
   */
  static async open(
    options: CaptionFilesOptions,
    context: Pick<CommandContext, 'notice'>,
    coca: Coca,
    search: object,
  ): Promise<CaptionFiles> {
    const { output, writeTxt, ifExists = 'skip' } = options;
    const taken = [...options.files, ...options.files0, ...(output === undefined ? [] : [output])];
    const texts = new TextFiles(
      ifExists,
      taken.filter((name) => name !== '-'),
    );
    const files = new CaptionFiles(context, writeTxt ? texts : undefined);
    if (output !== undefined) {
      const record = await runRecord(coca, { ...search });
      files.results = await ResultsFile.open(output, record, options.resume, (result, isLast) =>
        files.restoreText(result, isLast),
      );
    }
    return files;
  }

  /** Counts what earlier runs have answered as if this one had. */
  countEarlier(tally: Tally): void {
    if (this.results) tally.add(this.results.earlier);
    for (const { image, error } of this.#notRestored) tally.failBeside(image, error);
  }

  /** Whether a picture is still to be captioned. To be asked once for each, in order. */
  async isWanted(image: string): Promise<boolean> {
    if (this.results?.take(image)) return false;
    if (!(await this.texts?.skips(image))) return true;
    this.#leftOut++;
    return false;
  }

  /** Writes the text of a picture whose result is out. */
  async writeText(image: string, captions: readonly string[], tally: Tally): Promise<void> {
    try {
      await this.texts?.write(image, captions);
      tally.succeed();
    } catch (error) {
      tally.failBeside(image, toItemError(error));
    }
  }

  /** What a person would miss otherwise, when all is done. */
  finish(tally: Tally): void {
    const { notice } = this.context;
    if (this.#leftOut > 0) {
      tally.add({ done: this.#leftOut, failed: 0 });
      notice(`left out, their .txt files are there: ${pictureCount(this.#leftOut)} (--if-exists overwrite or append)`);
    }
    if (this.results === undefined) return;
    const { path, earlier, unasked } = this.results;
    const before = earlier.done + earlier.failed;
    const total = tally.finished - this.#leftOut;
    notice(`${path}: ${pictureCount(total)}${before > 0 ? `, ${before} of them from before` : ''}`);
    if (unasked > 0) notice(`${path} also answers ${pictureCount(unasked)} that this run was not given`);
  }

  async close(): Promise<void> {
    await this.results?.close();
  }

  private async restoreText({ image, captions }: EarlierResult, isLast: boolean): Promise<void> {
    if (captions.length === 0) return;
    try {
      await this.texts?.restore(image, captions, isLast);
    } catch (error) {
      this.#notRestored.push({ image, error: toItemError(error) });
    }
  }
}

function pictureCount(count: number): string {
  return count === 1 ? '1 picture' : `${count} pictures`;
}
