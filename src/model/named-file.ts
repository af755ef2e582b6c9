import { readFile } from 'node:fs/promises';
import { CocaError } from './errors.js';
import { encodeName } from './file-names.js';

/**
 * Reads a file that somebody named.
 * @throws CocaError `not-found` with the system's reason
 */
export async function readNamedFile(path: string): Promise<Buffer> {
  return readFile(encodeName(path)).catch((cause) => {
    throw new CocaError('not-found', `${path} cannot be read: ${(cause as Error).message}`, undefined, { cause });
  });
}
