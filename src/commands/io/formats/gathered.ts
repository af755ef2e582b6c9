import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import type { Outcome } from '../../../cli/command.js';
import { textLines } from '../../../model/base/text-decoding.js';
import type { Finding } from '../define-results.js';
import { objectWriter } from '../results.js';
import { LONGEST_RESULT, parseResult, ResultsFile } from '../results-file.js';
import { type RunRecord, recordPath } from '../run-record.js';
import { errorObject, type NamedInput } from '../sources.js';
import { NUMBERED } from './format.js';
import { type Rows, type WriteOptions, writeLines } from './rows.js';
import { writeRows } from './write-rows.js';

/** Where the failures of a file of results are, or of a row of them. */
export const errorsPath = (target: string): string =>
  `${target
    .replace(/\.[^./\\]+$/, '')
    .replace(NUMBERED, '')
    .replace(/[-_.]$/, '')}.errors.jsonl`;

/**
 * Results that become a file once all are there. Until then they are gathered in one that a killed run can go on with.
 */
export class GatheredResults {
  /** Keys of pictures that were asked for and have no answer yet, in their order. */
  readonly #asked: string[] = [];
  #isClosed = false;

  private constructor(
    private readonly path: string,
    private readonly file: ResultsFile,
  ) {}

  /** @throws CocaError as `ResultsFile.open` */
  static async open(path: string, record: RunRecord, resume: boolean): Promise<GatheredResults> {
    return new GatheredResults(path, await ResultsFile.open(path, record, resume, undefined, parseResult));
  }

  /** What earlier runs have answered. */
  get earlier(): Outcome {
    return this.file.earlier;
  }

  /** The names of the pictures that have no answer yet. */
  async *names(pictures: Iterable<NamedInput> | AsyncIterable<NamedInput>): AsyncGenerator<string> {
    for await (const { name, key } of pictures) {
      if (this.file.take(key)) continue;
      this.#asked.push(key);
      yield name;
    }
  }

  /** Passes findings on, which are those of the names in their order, and keeps what answers a picture, under its key. */
  async *keep<R, P>(
    findings: AsyncIterable<Finding<R, P>>,
    objectOf: (result: R) => object,
  ): AsyncGenerator<Finding<R, P>> {
    const objects = objectWriter(this.file.output, 'jsonl');
    for await (const finding of findings) {
      const isResult = finding.kind === 'result';
      if (isResult || (finding.kind === 'failure' && finding.key === 'image')) {
        const image = this.#asked.shift()!;
        await objects.write(isResult ? { ...objectOf(finding.result), image } : errorObject(image, finding.error));
      }
      yield finding;
    }
    if (this.#asked.length > 0) throw new Error(`${this.path}: ${this.#asked.length} pictures have no answer`);
  }

  /** What was gathered stays, to be gone on with. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.file.close();
  }

  /**
   * Writes what was gathered into a file of the format that its name says.
   * @see writeGathered
   */
  async writeInto(target: string, options: WriteOptions): ReturnType<typeof writeGathered> {
    await this.close();
    return writeGathered(this.path, target, options);
  }
}

/**
 * Turns results that were gathered in a file, one JSON object a line, into a file of the format that its name says; failures go into
 * a file beside it. Each is whole or not at all, and the results come last.
 * @returns how many results and failures there are
 * @throws CocaError as `writeRows` does
 */
async function writeGathered(
  gathered: string,
  target: string,
  options: WriteOptions,
): Promise<{ readonly results: number; readonly failed: number }> {
  const counts = { results: 0, failed: 0 };
  for await (const { hasFailed } of answersIn(gathered)) counts[hasFailed ? 'failed' : 'results']++;
  const lines = (isFailed: boolean) => linesOf(gathered, isFailed);
  if (counts.failed > 0) await writeLines(errorsPath(target), lines(true));
  else await rm(errorsPath(target), { force: true });
  const rows: Rows = { lines: () => lines(false), count: counts.results };
  await writeRows(target, rows, options);
  return counts;
}

/** Removes a file of gathered results. The record goes last: without one, the file could not be gone on with. */
export async function removeGathered(gathered: string): Promise<void> {
  await rm(gathered, { force: true });
  await rm(recordPath(gathered), { force: true });
}

async function* answersIn(path: string): AsyncGenerator<{ readonly text: string; readonly hasFailed: boolean }> {
  const stream = createReadStream(path, { highWaterMark: 2 ** 20 });
  for await (const { text } of textLines(stream as AsyncIterable<Buffer>, path, LONGEST_RESULT)) {
    yield { text, hasFailed: parseResult(text)?.hasFailed === true };
  }
}

async function* linesOf(path: string, isFailed: boolean): AsyncGenerator<string> {
  for await (const { text, hasFailed } of answersIn(path)) if (hasFailed === isFailed) yield text;
}
