import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { decodeText } from '../model/decode-text.js';
import { CocaError } from '../model/errors.js';
import { encodeName } from '../model/file-names.js';
import { fileError } from './files.js';

/** More than any list of captions or labels; what is no list is noticed before it fills memory. */
const MAX_LIST_BYTES = 64 * 2 ** 20;

/**
 * The texts of a list, one a line, empty lines left out. Lists of file names are read by `readList`: names may be any bytes.
 * @param source what to read: a path (a named pipe, too), or `-` for `stdin`
 * @throws CocaError `bad-text` as `decodeText`; `not-found`, `unreadable`
 */
export async function readTextList(source: string, stdin: Readable): Promise<readonly string[]> {
  const name = source === '-' ? 'the list on stdin' : source;
  const stream = source === '-' ? stdin : createReadStream(encodeName(source));
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_LIST_BYTES) {
        throw new CocaError('unreadable', `${name} has more than 64 MiB`, 'is it a list of texts?');
      }
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof CocaError ? error : fileError(name, error as NodeJS.ErrnoException);
  }
  return decodeText(Buffer.concat(chunks), name)
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => line !== '');
}
