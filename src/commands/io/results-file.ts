import type { Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { OptionSpecs, Outcome } from '../../cli/command.js';
import { fileWriter, Output } from '../../cli/output.js';
import { CocaError } from '../../model/base/errors.js';
import { isFolder } from '../../model/base/folders.js';
import { fileError } from '../../model/base/regular-file.js';
import { MARK_BYTES, textLines, textStart } from '../../model/base/text-decoding.js';
import { type RunRecord, requireSameRun, writeRecord } from './run-record.js';

/** Options of commands that can write their results into a file, and go on with it. */
export const RESULTS_FILE_OPTIONS = {
  output: {
    type: 'text',
    kind: 'file',
    short: 'o',
    placeholder: 'FILE',
    description:
      'results into FILE instead of to stdout, as --jsonl writes them; NAME.parquet or NAME-%05d.tar (pictures, too) once all are there; with --shard, a folder of parts',
  },
  resume: { type: 'flag', description: 'go on with what FILE holds already; without FILE, begin it' },
} as const satisfies OptionSpecs;

/**
 * Checks the options above against the others.
 * @param images the words that name pictures
 * @throws CocaError `usage`
 */
export function checkResultsFile(
  options: { readonly output: string | undefined; readonly resume: boolean; readonly json: boolean },
  images: readonly string[],
): void {
  if (options.resume && options.output === undefined) {
    throw new CocaError('usage', '--resume goes on with a file of results', 'name it: --output FILE --resume');
  }
  if (options.output !== undefined && options.json) {
    throw new CocaError('usage', '--output writes JSON lines, which --json is not', 'leave out --json');
  }
  if (options.resume && images.includes('-')) {
    throw new CocaError('usage', 'a picture on stdin (-) has no name by which --resume could know it again');
  }
}

/**
 * Finds out whether `ResultsFile.open` could open the file, before a model is loaded; makes nothing.
 * @throws CocaError as it does, for a file that is there and not to be resumed and for a folder that is not there
 */
export async function checkResultsPlace(path: string, resume: boolean): Promise<void> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) {
    if (found.code === 'ENOENT' && !(await isFolder(dirname(path)))) throw noFolder(path);
    return;
  }
  requireNew(path, found, resume);
}

function requireNew(path: string, stats: Stats, resume: boolean): void {
  if (!stats.isFile()) throw new CocaError('usage', `--output: ${path} is not a file`);
  if (stats.size > 0 && !resume) {
    throw new CocaError('usage', `${path} is there already`, '--resume goes on with it; or choose another file');
  }
}
/** No result is longer; a file without line ends is noticed before it fills memory. */
export const LONGEST_RESULT = 64 * 2 ** 20;

/** What an earlier run wrote about a picture. */
export interface EarlierResult {
  readonly image: string;
  readonly hasFailed: boolean;
  /** Best first; none where it failed, or where captions were not asked for. */
  readonly captions: readonly string[];
}

/**
 * Results in a file, one JSON object a line, appended as they come. What a killed run left can be gone on with: every
 * whole line counts as an answer, a torn last one is cut off.
 */
export class ResultsFile {
  readonly output: Output;
  /** How often each name was answered and not yet asked for again. */
  readonly #answers = new Map<string, number>();
  #done = 0;
  #failed = 0;

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private size: number,
    /** Whether the file system counts its names: some always say 0. */
    isNamed: boolean,
  ) {
    const append = fileWriter(handle.fd);
    this.output = new Output(async (bytes) => {
      // Two runs with one file would each answer what the other does: the second to write notices.
      const { size, nlink } = await handle.stat();
      if (size !== this.size) {
        throw new CocaError('write-failed', `${path} was changed by another program while it was written`);
      }
      // The system would go on taking what can never be read.
      if (isNamed && nlink === 0) {
        throw new CocaError('write-failed', `${path} was removed or replaced while it was written`);
      }
      await append(bytes);
      this.size += bytes.length;
    });
  }

  /**
   * Begins a file, or opens one to go on with.
   * @param record of this run
   * @param onResult is told every result that is there already, in order, and which is the last
   * @param parse reads one line of what the command writes; nothing for a line that is none
   * @throws CocaError `usage` when the file is there and not to be resumed, or was written by another kind of run;
   *   `unreadable` when it holds something else than results; `write-failed`
   */
  static async open(
    path: string,
    record: RunRecord,
    resume: boolean,
    onResult: (result: EarlierResult, isLast: boolean) => Promise<void> = async () => undefined,
    parse: (line: string) => EarlierResult | undefined = parseCaptions,
  ): Promise<ResultsFile> {
    const handle = await openToAppend(path);
    try {
      const stats = await handle.stat();
      requireNew(path, stats, resume);
      const file = new ResultsFile(path, handle, stats.size, stats.nlink > 0);
      if (stats.size === 0) {
        // The record comes first: a file that has results has a record.
        await writeRecord(path, record);
      } else {
        await requireSameRun(path, record);
        await file.#requireUtf8();
        await file.#repair();
        await file.#readResults(onResult, parse);
      }
      return file;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** How many pictures were answered before this run, and how many of them had failed. */
  get earlier(): Outcome {
    return { done: this.#done, failed: this.#failed };
  }

  /** How many of the earlier answers were not asked for. */
  get unasked(): number {
    let total = 0;
    for (const count of this.#answers.values()) total += count;
    return total;
  }

  /** Whether a picture was answered before. A name that comes twice has to be answered twice. */
  take(name: string): boolean {
    const count = this.#answers.get(name);
    if (count === undefined) return false;
    if (count === 1) this.#answers.delete(name);
    else this.#answers.set(name, count - 1);
    return true;
  }

  /** Everything that was written is on the disk then. */
  async close(): Promise<void> {
    await this.output.flush();
    try {
      await this.handle.sync();
    } finally {
      await this.handle.close();
    }
  }

  /** What is added is UTF-8, so what is there must be, too. */
  async #requireUtf8(): Promise<void> {
    const { buffer, bytesRead } = await this.handle.read(Buffer.alloc(MARK_BYTES), 0, MARK_BYTES, 0);
    if (textStart(buffer.subarray(0, bytesRead)).encoding === 'utf-8') return;
    throw new CocaError('unreadable', `${this.path} is UTF-16, and results are UTF-8`, 'choose another file');
  }

  /** Cuts off a last line that has no end: its writer was killed, or the disk was full. */
  async #repair(): Promise<void> {
    const piece = Buffer.alloc(65_536);
    for (let end = this.size; end > 0; ) {
      const start = Math.max(0, end - piece.length);
      const { bytesRead } = await this.handle.read(piece, 0, end - start, start);
      const at = piece.subarray(0, bytesRead).lastIndexOf(0x0a);
      if (at >= 0) {
        await this.#truncate(start + at + 1);
        return;
      }
      end = start;
    }
    await this.#truncate(0);
  }

  async #truncate(size: number): Promise<void> {
    if (size === this.size) return;
    await this.handle.truncate(size);
    this.size = size;
  }

  async #readResults(
    onResult: (result: EarlierResult, isLast: boolean) => Promise<void>,
    parse: (line: string) => EarlierResult | undefined,
  ): Promise<void> {
    let last: EarlierResult | undefined;
    const stream = this.handle.createReadStream({ start: 0, autoClose: false, highWaterMark: 2 ** 20 });
    for await (const { number, text } of textLines(stream as AsyncIterable<Buffer>, this.path, LONGEST_RESULT)) {
      const result = parse(text);
      if (result === undefined) {
        throw new CocaError('unreadable', `${this.path}: line ${number} is no result`, 'choose another file');
      }
      if (result.hasFailed) this.#failed++;
      else this.#done++;
      this.#answers.set(result.image, (this.#answers.get(result.image) ?? 0) + 1);
      if (last) await onResult(last, false);
      last = result;
    }
    if (last) await onResult(last, true);
  }
}

async function openToAppend(path: string): Promise<FileHandle> {
  try {
    // Also for reading: what is there is looked at first.
    return await open(path, 'a+');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw noFolder(path);
    const { message } = fileError(path, error);
    throw new CocaError('write-failed', `the results cannot be written: ${message}`, undefined, { cause: error });
  }
}

const noFolder = (path: string) => new CocaError('not-found', `${path}: there is no such folder`, 'make it first');

/** One line as `captionObject` and `errorObject` make them. */
function parseCaptions(line: string): EarlierResult | undefined {
  const result = parseResult(line);
  if (result === undefined || result.hasFailed) return result;
  const { caption, alternatives } = result.object;
  if (typeof caption !== 'string') return undefined;
  const others = Array.isArray(alternatives) ? alternatives.map((other) => String(other?.caption)) : [];
  return { ...result, captions: [caption, ...others] };
}

/** One line about a picture, of whichever command; nothing for a line that is none. */
export function parseResult(
  line: string,
): (EarlierResult & { readonly object: Readonly<Record<string, unknown>> }) | undefined {
  let object: unknown;
  try {
    object = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof object !== 'object' || object === null) return undefined;
  const { image, error } = object as Record<string, unknown>;
  if (typeof image !== 'string') return undefined;
  const hasFailed = typeof error === 'object' && error !== null;
  return { image, hasFailed, captions: [], object: object as Record<string, unknown> };
}
