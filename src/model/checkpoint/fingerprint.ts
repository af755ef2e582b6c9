import { createHash } from 'node:crypto';
import { RegularFile } from '../base/regular-file.js';

/** How many pieces of a file are looked at, spread evenly over it, and of how many bytes each. */
const PIECES = 64;
const PIECE_BYTES = 16 * 1024;

/**
 * What tells one file of weights from another without reading it whole: SHA-256 over its size and 64 pieces of 16 KiB,
 * the first and the last bytes among them. Training changes every weight, so two checkpoints of one run differ in each
 * piece. It does not protect against files that were made alike on purpose.
 * @throws CocaError `not-found`, `unreadable`
 */
export async function weightsFingerprint(path: string): Promise<string> {
  const file = await RegularFile.open(path);
  try {
    const hash = createHash('sha256').update(`${file.size}\n`);
    const length = Math.min(PIECE_BYTES, file.size);
    const offsets = Array.from({ length: PIECES }, (_, i) => Math.floor(((file.size - length) * i) / (PIECES - 1)));
    // All at once: each by itself would be waited for 64 times.
    for (const piece of await Promise.all(offsets.map((offset) => file.read(offset, length)))) hash.update(piece);
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}
