import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CocaError } from '../base/errors.js';

/** Left free: a full disk harms more than this program. */
const RESERVE_BYTES = 64 * 2 ** 20;

/**
 * Checks that `bytes` more fit beside what is on the disk of `folder`, which need not be there yet.
 * @throws CocaError `write-failed`
 */
export async function requireSpace(folder: string, bytes: number): Promise<void> {
  if (bytes === 0) return;
  const free = await freeBytes(folder);
  if (free === undefined || free >= bytes + RESERVE_BYTES) return;
  const megabytes = (count: number) => `${Math.ceil(count / 1e6)} MB`;
  throw new CocaError(
    'write-failed',
    `${folder}: ${megabytes(bytes)} are needed and ${megabytes(free)} free`,
    'free some disk space, or put the cache on another disk with HF_HUB_CACHE',
  );
}

/** Bytes that may be written to the disk of a folder; undefined where the system does not tell. */
export async function freeBytes(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    const parent = dirname(folder);
    return parent === folder ? undefined : freeBytes(parent);
  }
}
