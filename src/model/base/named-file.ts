import { readFile } from 'node:fs/promises';
import { CocaError } from './errors.js';
import { encodeName } from './file-names.js';
import { decodeText } from './text-decoding.js';

/**
 * Reads a file that a person named.
 * @throws CocaError `not-found` with the system's reason
 */
export async function readNamedFile(path: string): Promise<Buffer> {
  return readFile(encodeName(path)).catch((cause) => {
    throw new CocaError('not-found', `${path} cannot be read: ${(cause as Error).message}`, undefined, { cause });
  });
}

/**
 * Reads a text that a person named.
 * @throws CocaError `not-found`; `unreadable` for what is no text (`decodeText`)
 */
export async function readNamedText(path: string): Promise<string> {
  return decodeText(await readNamedFile(path), path);
}
