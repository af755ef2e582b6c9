import { isUtf8 } from 'node:buffer';

/**
 * File names are bytes, JSON and terminals want text. A byte that is not part of valid UTF-8 becomes the lone
 * surrogate U+DC00 + byte, Python's "surrogateescape" (PEP 383): reversible, distinct from every valid name, and
 * `\udcNN` in JSON, which Python's `os.fsencode(json.loads(...))` turns back into the bytes.
 */

/** What pictures are called, for guesses at what a word may be; what a file is, its bytes tell. */
export const PICTURE_NAME = /\.(jpe?g|png|webp|gif|avif|tiff?)$/i;

/** Whether a file of that name holds pictures: a tar archive, or a Parquet file. */
export const isArchiveName = (name: string): boolean => /\.(tar|parquet)$/i.test(name);

/** A file name's bytes as text. */
export function decodeName(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let text = '';
  let i = 0;
  while (i < bytes.length) {
    const length = sequenceLength(bytes, i);
    text += length === 0 ? String.fromCharCode(0xdc00 + bytes[i]!) : bytes.toString('utf8', i, i + length);
    i += Math.max(1, length);
  }
  return text;
}

/** What to hand to the file system for a name that `decodeName` or the command line gave. */
export function encodeName(name: string): string | Buffer {
  if (!/[\udc80-\udcff]/u.test(name)) return name;
  const parts: Buffer[] = [];
  for (const char of name) {
    const code = char.codePointAt(0)!;
    parts.push(code >= 0xdc80 && code <= 0xdcff ? Buffer.from([code - 0xdc00]) : Buffer.from(char, 'utf8'));
  }
  return Buffer.concat(parts);
}

/** Length of the valid UTF-8 sequence at `start`, or 0. */
export function sequenceLength(bytes: Buffer, start: number): number {
  const first = bytes[start]!;
  const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return isUtf8(bytes.subarray(start, start + length)) && start + length <= bytes.length ? length : 0;
}
