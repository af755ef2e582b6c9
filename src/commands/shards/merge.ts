import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import TinyQueue from 'tinyqueue';
import type { CommandContext } from '../../cli/command.js';
import { CocaError, stopIfAborted } from '../../model/base/errors.js';
import { fileError } from '../../model/base/regular-file.js';
import { textLines } from '../../model/base/text-decoding.js';
import type { Dtype } from '../io/formats/format.js';
import { errorsPath } from '../io/formats/gathered.js';
import { writeLines } from '../io/formats/rows.js';
import { writeRows } from '../io/formats/write-rows.js';
import { LONGEST_RESULT } from '../io/results-file.js';
import type { Manifest } from './manifest.js';

/**
 * Merges parts that have been checked into one file, in the order of the names; failures go into a file beside it. No more than a line of each part
 * is held, and of Parquet a block of rows.
 * @returns how many results and failures
 * @throws CocaError `write-failed`, `unreadable`, `bad-data`
 */
export async function mergeParts(
  folder: string,
  parts: readonly Manifest[],
  target: string,
  dtype: Dtype | undefined,
  { status, signal }: Pick<CommandContext, 'status' | 'signal'>,
): Promise<{ readonly results: number; readonly failed: number }> {
  const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
  const results = sum(parts.map((part) => part.results));
  const failed = sum(parts.map((part) => part.failed));
  const paths = (files: readonly { readonly name: string }[]) => files.map(({ name }) => join(folder, name));
  async function* lines(files: readonly { readonly name: string }[]): AsyncGenerator<string> {
    let done = 0;
    for await (const line of mergedLines(paths(files))) {
      stopIfAborted(signal);
      if (done++ % TOLD_EVERY === 0) status.show(`merging: ${done} of ${results}`);
      yield line;
    }
  }
  const errors = errorsPath(target);
  if (failed > 0) await writeLines(errors, lines(parts.flatMap((part) => part.errors ?? [])));
  else await rm(errors, { force: true });
  const rows = { lines: () => lines(parts.map(({ part }) => part)), count: results };
  await writeRows(target, rows, { isHalf: dtype === 'fp16' });
  status.clear();
  return { results, failed };
}

/** Lines after which progress is told again. */
const TOLD_EVERY = 1000;

interface Head {
  readonly key: string;
  readonly line: string;
  /** Of the part, so that equal names keep the order of the parts. */
  readonly index: number;
  readonly rest: AsyncIterator<{ readonly text: string }>;
}

/** The lines of files that are each in the order of the names, in that order. */
export async function* mergedLines(paths: readonly string[]): AsyncGenerator<string> {
  const heads = new TinyQueue<Head>([], (a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.index - b.index));
  const next = async (index: number, rest: Head['rest'], before: string): Promise<void> => {
    const { value, done } = await rest.next();
    if (done) return;
    const key = nameIn(value.text);
    if (key === undefined || key < before) {
      throw new CocaError('bad-data', `${paths[index]}: the results are not in the order of the names`);
    }
    heads.push({ key, line: value.text, index, rest });
  };
  for (const [index, path] of paths.entries()) await next(index, linesOf(path), '');
  for (let head = heads.pop(); head !== undefined; head = heads.pop()) {
    yield head.line;
    await next(head.index, head.rest, head.key);
  }
}

async function* linesOf(path: string): AsyncGenerator<{ readonly text: string }> {
  if (path.endsWith('.parquet')) {
    const { parquetLines } = await import('../io/formats/read-parquet.js');
    yield* parquetLines(path);
    return;
  }
  const stream = createReadStream(path, { highWaterMark: 2 ** 16 });
  try {
    yield* textLines(stream as AsyncIterable<Buffer>, path, LONGEST_RESULT);
  } catch (error) {
    throw fileError(path, error);
  }
}

/** The picture's name in a line of a part, which begins with it. */
function nameIn(line: string): string | undefined {
  const [, text] = /^\{"image":("(?:[^"\\]|\\.)*")[,}]/.exec(line) ?? [];
  return text === undefined ? undefined : (JSON.parse(text) as string);
}
