import { readFile } from 'node:fs/promises';
import { CocaError } from './errors.js';
import { encodeName } from './file-names.js';
import { fileError, RegularFile } from './regular-file.js';
import { decodeText } from './text-decoding.js';

/**
 * The text of a small file that belongs to a model. Never waits for a pipe, never reads more than `limit` bytes.
 * @param what the file is, for errors: "config"
 * @throws CocaError `not-found`; `unreadable` for what is no file, too large for what it should be, or no text (`decodeText`)
 */
export async function readTextFile(path: string, what: string, limit: number): Promise<string> {
  return decodeText(await readSmallFile(path, what, limit, 'fetch it again'), path);
}

/**
 * The bytes of a small file, as `readTextFile` reads it.
 * @param hint what to do about a larger one
 * @throws CocaError `not-found`; `unreadable` for what is no file or too large
 */
export async function readSmallFile(path: string, what: string, limit: number, hint?: string): Promise<Uint8Array> {
  const file = await RegularFile.open(path);
  try {
    if (file.size > limit) {
      throw new CocaError('unreadable', `${path}: ${file.size} bytes are too many for a ${what}`, hint);
    }
    return await file.read(0, file.size);
  } finally {
    await file.close();
  }
}

/**
 * Reads a file that a person named.
 * @throws CocaError `not-found`, `unreadable`
 */
export async function readNamedFile(path: string): Promise<Buffer> {
  return readFile(encodeName(path)).catch((cause) => {
    throw fileError(path, cause);
  });
}

/**
 * Reads a text that a person named.
 * @throws CocaError `not-found`; `unreadable`, also for what is no text (`decodeText`)
 */
export async function readNamedText(path: string): Promise<string> {
  return decodeText(await readNamedFile(path), path);
}
