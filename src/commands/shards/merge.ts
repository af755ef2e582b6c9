import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import TinyQueue from 'tinyqueue';
import type { CommandContext } from '../../cli/command.js';
import { CocaError, stopIfAborted } from '../../model/base/errors.js';
import { fileError } from '../../model/base/regular-file.js';
import { textLines } from '../../model/base/text-decoding.js';
import { writeWhole } from '../../model/base/whole-file.js';
import { LONGEST_RESULT } from '../io/results-file.js';
import type { Manifest } from './manifest.js';

/** Bytes that are gathered before they are written. */
const WRITTEN_AT_ONCE = 2 ** 20;

/**
 * Merges parts that have been checked into one file, in the order of the names; failures go into a file beside it. No more than a line of each part is
 * held.
 * @returns how many results and failures
 * @throws CocaError `write-failed`, `unreadable`, `bad-data`
 */
export async function mergeParts(
  folder: string,
  parts: readonly Manifest[],
  target: string,
  context: Pick<CommandContext, 'status' | 'signal'>,
): Promise<{ readonly results: number; readonly failed: number }> {
  const total = parts.reduce((sum, { results }) => sum + results, 0);
  const paths = (files: readonly { readonly name: string }[]) => files.map(({ name }) => join(folder, name));
  const errors = `${target.replace(/\.[^.]+$/, '')}.errors.jsonl`;
  const failed = await mergeLines(paths(parts.flatMap((part) => part.errors ?? [])), errors, context.signal);
  if (failed === 0) await rm(errors, { force: true });
  const results = await mergeLines(paths(parts.map(({ part }) => part)), target, context.signal, (done) =>
    context.status.show(`merging: ${done} of ${total}`),
  );
  context.status.clear();
  return { results, failed };
}

async function mergeLines(
  paths: readonly string[],
  target: string,
  signal: AbortSignal,
  onProgress: (done: number) => void = () => undefined,
): Promise<number> {
  let count = 0;
  await writeWhole(target, async (write) => {
    let gathered: string[] = [];
    let bytes = 0;
    for await (const line of mergedLines(paths)) {
      stopIfAborted(signal);
      gathered.push(line, '\n');
      bytes += line.length;
      count++;
      if (bytes < WRITTEN_AT_ONCE) continue;
      await write(Buffer.from(gathered.join('')));
      onProgress(count);
      gathered = [];
      bytes = 0;
    }
    await write(Buffer.from(gathered.join('')));
  });
  return count;
}

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
