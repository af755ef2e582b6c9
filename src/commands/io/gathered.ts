import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { textLines } from '../../model/base/text-decoding.js';
import { type Rows, type WriteOptions, writeLines, writeRows } from './formats/write-rows.js';
import { LONGEST_RESULT, parseResult } from './results-file.js';
import { recordPath } from './run-record.js';

/** Where the failures of a file of results are. */
export const errorsPath = (target: string): string => `${target.replace(/\.[^./\\]+$/, '')}.errors.jsonl`;

/**
 * Turns results that were gathered in a file, one JSON object a line, into a file of the format that its name says; failures go into
 * a file beside it. Each is whole or not at all, and the results come last.
 * @returns how many results and failures there are
 * @throws CocaError as `writeRows` does
 */
export async function writeGathered(
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
