import { readFile } from 'node:fs/promises';
import { CocaError } from './errors.js';

/**
 * Reads a file that somebody named.
 * @throws CocaError `not-found` with the system's reason
 */
export async function readNamedFile(path: string): Promise<Buffer> {
  return readFile(path).catch((cause) => {
    throw new CocaError('not-found', `${path} cannot be read: ${(cause as Error).message}`, undefined, { cause });
  });
}
