import type { OptionSpecs } from '../../../cli/command.js';
import { CocaError } from '../../../model/base/errors.js';

/** What results are written as, by the end of a file's name. */
export type FileFormat = 'jsonl' | 'parquet' | 'npy' | 'tar';

/** Option of commands that write embeddings into files of numbers. */
export const DTYPE_OPTION = {
  dtype: {
    type: 'choice',
    choices: ['fp32', 'fp16'],
    placeholder: 'TYPE',
    otherwise: 'fp32',
    description: 'numbers of embeddings in a .npy or .parquet file; fp16 are half as large, rounded to 11 bits',
  },
} as const satisfies OptionSpecs;

export type Dtype = (typeof DTYPE_OPTION.dtype.choices)[number];

/** `%05d` in the name of a row of files. */
export const NUMBERED = /%0?(\d?)d/;

/** The format of a file by its name; nothing for an end that says none. A `.tar` is a row of files, and its name has a place for the number. */
export function formatOfFile(name: string): FileFormat | undefined {
  const end = /\.(jsonl|parquet|npy|tar)$/i.exec(name)?.[1]?.toLowerCase() as FileFormat | undefined;
  return end === 'tar' && !NUMBERED.test(name) ? undefined : end;
}

/** File `index` of a row of files. */
export const numberedName = (pattern: string, index: number): string =>
  pattern.replace(NUMBERED, (_, digits: string) => String(index).padStart(Number(digits), '0'));

/** Whether a name is that of a file of the row. */
export function isNumbered(name: string, pattern: string): boolean {
  const place = NUMBERED.exec(pattern)!;
  const [before, after] = [pattern.slice(0, place.index), pattern.slice(place.index + place[0].length)];
  const isLong = name.length > before.length + after.length;
  return (
    isLong && name.startsWith(before) && name.endsWith(after) && /^\d+$/.test(name.slice(before.length, -after.length))
  );
}

/**
 * The format of a file that a command is to write.
 * @param known those that it can
 * @throws CocaError `usage` for any other
 */
export function requireFormat(name: string, known: readonly FileFormat[]): FileFormat {
  const format = formatOfFile(name);
  if (format !== undefined && known.includes(format)) return format;
  const names = known.map((end) => (end === 'tar' ? 'NAME-%05d.tar' : `NAME.${end}`)).join(', ');
  throw new CocaError('usage', `--output ${name} has none of the known ends`, `known: ${names}`);
}

/**
 * Checks `--dtype` against the file.
 * @throws CocaError `usage`
 */
export function checkDtype(dtype: Dtype | undefined, format: FileFormat | undefined): void {
  if (dtype === undefined || format === 'npy' || format === 'parquet') return;
  throw new CocaError('usage', '--dtype is about the numbers of a .npy or .parquet file', 'add --output NAME.npy');
}
