import { type FileFormat, requireFormat } from './format.js';
import { type Rows, type WriteOptions, writeLines } from './rows.js';

/**
 * Writes results into a file of the format that its name says, whole or not at all. Memory does not grow with their number.
 * @throws CocaError `write-failed`; `bad-data` for results that the format cannot hold
 */
export async function writeRows(target: string, rows: Rows, options: WriteOptions): Promise<void> {
  await WRITERS[requireFormat(target, ['jsonl', 'parquet', 'npy', 'tar'])](target, rows, options);
}

const WRITERS: Readonly<Record<FileFormat, (target: string, rows: Rows, options: WriteOptions) => Promise<void>>> = {
  jsonl: (target, { lines }) => writeLines(target, lines()),
  parquet: async (...how) => (await import('./parquet-file.js')).writeParquet(...how),
  npy: async (...how) => (await import('./npy-file.js')).writeNpyFile(...how),
  tar: async (...how) => (await import('./tar-files.js')).writeTars(...how),
};
