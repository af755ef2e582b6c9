import type { OptionValues } from '../../cli/command.js';
import type { Coca } from '../../model/api.js';
import type { Sidecars } from '../io/beside/sidecars.js';
import { type Finding, type Incomplete, orIncomplete } from '../io/define-results.js';
import { objectWriter } from '../io/results.js';
import { type EarlierResult, type RESULTS_FILE_OPTIONS, ResultsFile } from '../io/results-file.js';
import { runRecord } from '../io/run-record.js';
import { errorObject, type INPUT_OPTIONS } from '../io/sources.js';
import { captionObject, type PictureCaptions } from './output.js';
import { TextFiles } from './text-files.js';
import type { TEXT_FILE_OPTIONS } from './text-options.js';

type CaptionFilesOptions = OptionValues<typeof INPUT_OPTIONS & typeof RESULTS_FILE_OPTIONS & typeof TEXT_FILE_OPTIONS>;

/**
 * The files that captions go into, a file of results, texts and sidecars beside the pictures, and what earlier runs left in
 * them. A result is written before its text, so a picture that has none yet has no text of this run either.
 */
export class CaptionFiles {
  #wanted = 0;
  #leftOut = 0;
  readonly #notRestored: Incomplete[] = [];
  #results: ResultsFile | undefined;

  private constructor(
    private readonly texts: TextFiles | undefined,
    private readonly sidecars: Sidecars | undefined,
  ) {}

  /**
   * Opens the files that the options ask for; texts that a killed run did not come to write are written.
   * @param search every option that shapes a caption
   * @throws CocaError as `ResultsFile.open` does
   */
  static async open(options: CaptionFilesOptions, coca: Coca, search: object): Promise<CaptionFiles> {
    const { output, writeTxt, writeXmp, ifExists = 'skip' } = options;
    // No text may take the place of a list that is read.
    const named = [...options.files, ...options.files0, ...(output === undefined ? [] : [output])];
    const taken = named.filter((name) => name !== '-');
    const files = new CaptionFiles(
      writeTxt ? new TextFiles(ifExists, taken) : undefined,
      writeXmp ? new (await sidecars()).Sidecars(ifExists === 'overwrite', taken) : undefined,
    );
    if (output !== undefined) {
      const record = await runRecord(coca, { ...search });
      files.#results = await ResultsFile.open(output, record, options.resume, (result, isLast) =>
        files.#restoreText(result, isLast),
      );
    }
    return files;
  }

  /** What earlier runs have answered counts as if this one had. */
  *earlier(): Generator<Finding<never>> {
    if (this.#results) yield { kind: 'answered', ...this.#results.earlier };
    yield* this.#notRestored;
  }

  /** Whether a picture is still to be captioned. To be asked once for each, in order. */
  async isWanted(image: string): Promise<boolean> {
    if (this.#results?.take(image)) return false;
    const isLeftOut = await this.#isDone(image);
    if (isLeftOut) this.#leftOut++;
    else this.#wanted++;
    return !isLeftOut;
  }

  /** Passes findings on, and keeps them in the files that were asked for. */
  async *keep<P>(findings: AsyncIterable<Finding<PictureCaptions, P>>): AsyncGenerator<Finding<PictureCaptions, P>> {
    const objects = this.#results && objectWriter(this.#results.output, 'jsonl');
    for await (const finding of findings) {
      if (finding.kind === 'failure') await objects?.write(errorObject(finding.name, finding.error));
      if (finding.kind !== 'result') yield finding;
      else {
        const { kind, result } = finding;
        const texts = result.captions.map(({ text }) => text);
        await objects?.write(captionObject(result));
        yield { kind, result, complete: () => orIncomplete(result.image, () => this.#write(result.image, texts)) };
      }
    }
    yield* this.#summary();
  }

  async close(): Promise<void> {
    await this.#results?.close();
  }

  /** What a person would miss otherwise, when all is done. */
  *#summary(): Generator<Finding<never>> {
    const notice = (text: string) => ({ kind: 'notice', text }) as const;
    if (this.#leftOut > 0) {
      yield { kind: 'answered', done: this.#leftOut, failed: 0 };
      const count = pictureCount(this.#leftOut);
      const found = this.sidecars ? (this.texts ? 'texts and descriptions' : 'descriptions') : '.txt files';
      const otherwise = this.sidecars ? 'overwrite' : 'overwrite or append';
      yield notice(`left out, their ${found} are there: ${count} (--if-exists ${otherwise})`);
    }
    if (this.#results === undefined) return;
    const { path, earlier, unasked } = this.#results;
    const before = earlier.done + earlier.failed;
    const total = before + this.#notRestored.length + this.#wanted;
    yield notice(`${path}: ${pictureCount(total)}${before > 0 ? `, ${before} of them from before` : ''}`);
    if (unasked > 0) yield notice(`${path} also answers ${pictureCount(unasked)} that this run was not given`);
  }

  /** Whether a picture has all that this run would write beside it. */
  async #isDone(image: string): Promise<boolean> {
    const beside = [this.texts, this.sidecars].filter((files) => files !== undefined);
    for (const files of beside) if (!(await files.skips(image))) return false;
    return beside.length > 0;
  }

  /** One that cannot be written does not keep the other from being written. */
  async #write(image: string, captions: readonly string[]): Promise<void> {
    try {
      await this.texts?.write(image, captions);
    } finally {
      await this.sidecars?.write(image, { description: captions[0]! });
    }
  }

  async #restoreText({ image, hasFailed, captions }: EarlierResult, isLast: boolean): Promise<void> {
    if (hasFailed) return;
    const incomplete = await orIncomplete(image, async () => {
      await this.texts?.restore(image, captions, isLast);
      await this.sidecars?.write(image, { description: captions[0]! });
    });
    if (incomplete) this.#notRestored.push(incomplete);
  }
}

function pictureCount(count: number): string {
  return count === 1 ? '1 picture' : `${count} pictures`;
}

/** What reads and writes XMP is loaded where some is asked for. */
const sidecars = () => import('../io/beside/sidecars.js');
