import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** The running hash of a file of `size` bytes, of the kind that `expected` is: see `RemoteFile.hash`. */
export function contentHash(expected: string, size: number): Hash {
  if (expected.length === 64) return createHash('sha256');
  // What git calls a blob: its kind and length, a NUL, its bytes.
  return createHash('sha1').update(`blob ${size}\0`);
}

/** Whether a string is one of the two hashes that name a blob. */
export function isContentHash(name: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(name);
}

/**
 * Feeds the first `length` bytes of a file to a hash, and tells how far it is.
 * @throws the system's error
 */
export async function* hashFile(path: string, hash: Hash, length: number): AsyncGenerator<number, void> {
  if (length === 0) return;
  let done = 0;
  const stream = createReadStream(path, { end: length - 1, highWaterMark: 1 << 20 });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    hash.update(chunk);
    done += chunk.length;
    yield done;
  }
}
