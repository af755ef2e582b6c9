import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { CocaError } from '../../model/base/errors.js';
import { decodeName, encodeName } from '../../model/base/file-names.js';
import { fileError } from '../../model/base/regular-file.js';
import { requireSound, textLines } from '../../model/base/text-decoding.js';

/** Longer than any path or URL that works; a list without line ends is noticed before it fills memory. */
const MAX_ENTRY_BYTES = 2 ** 20;

/**
 * The entries of a list, read as they come: a list of any length takes no memory, and one that is still being
 * written is followed. Empty entries are skipped. With lines, a carriage return before the line end is dropped, as
 * is a byte order mark at the start; NUL-separated entries are exact. Names are bytes: they need be no UTF-8.
 * @param source what to read: a path, or `-` for `stdin`.
 * @throws CocaError when the list cannot be read or an entry is longer than 1 MiB.
 */
export async function* readList(source: string, separator: 'line' | 'nul', stdin: Readable): AsyncGenerator<string> {
  const stream = source === '-' ? stdin : await openList(source);
  const end = separator === 'line' ? 0x0a : 0;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let isFirst = true;
  const finish = (tail: Buffer): string => {
    const bytes = pending.length === 0 ? tail : Buffer.concat([...pending, tail]);
    pending = [];
    pendingBytes = 0;
    const entry = decodeName(bytes);
    const isStart = isFirst;
    isFirst = false;
    if (separator === 'nul') return entry;
    return (isStart ? entry.replace(/^\ufeff/, '') : entry).replace(/\r$/, '');
  };
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      let start = 0;
      for (let at = chunk.indexOf(end); at >= 0; at = chunk.indexOf(end, start)) {
        const entry = finish(chunk.subarray(start, at));
        if (entry !== '') yield entry;
        start = at + 1;
      }
      if (start < chunk.length) {
        pending.push(chunk.subarray(start));
        pendingBytes += chunk.length - start;
        if (pendingBytes > MAX_ENTRY_BYTES) throw tooLong(source);
      }
    }
  } catch (error) {
    throw fileError(listName(source), error);
  }
  const last = finish(Buffer.alloc(0));
  if (last !== '') yield last;
}

/**
 * The lines of a list of texts, read as `readList` reads one of names, but that what is no text is an error. Empty lines are skipped.
 * @throws CocaError as `readList`, and as `textLines` and `requireSound`
 */
export async function* readTextList(source: string, stdin: Readable): AsyncGenerator<string> {
  const stream = source === '-' ? stdin : await openList(source);
  const where = listName(source);
  try {
    for await (const line of textLines(stream as AsyncIterable<Buffer>, where, MAX_ENTRY_BYTES)) {
      requireSound(line, where);
      const text = line.text.replace(/\r$/, '');
      if (text !== '') yield text;
    }
  } catch (error) {
    throw fileError(where, error);
  }
}

async function openList(source: string): Promise<Readable> {
  try {
    // A named pipe is a fine list (`--files <(find ...)`); a directory is not.
    if ((await stat(encodeName(source))).isDirectory()) {
      throw new CocaError('unreadable', `${source} is a directory, not a list`);
    }
  } catch (error) {
    throw fileError(source, error);
  }
  return createReadStream(encodeName(source));
}

function listName(source: string): string {
  return source === '-' ? 'the list on stdin' : source;
}

function tooLong(source: string): CocaError {
  return new CocaError(
    'unreadable',
    `${listName(source)} has an entry of more than 1 MiB`,
    'is it a list of file names?',
  );
}
