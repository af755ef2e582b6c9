import { closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { CocaError } from '../../model/base/errors.js';
import { encodeName } from '../../model/base/file-names.js';
import { fileError, requireRegular } from '../../model/base/regular-file.js';
import { SNIFFED_BYTES } from '../../model/image/sniff.js';

/** No picture that can be decoded is larger; a mistake (a disk image, a video) is refused before it fills memory. */
export const MAX_INPUT_BYTES = 512 * 2 ** 20;

const PIPE_HINT = 'pipe the bytes in and use - for the picture';

/**
 * Reads a regular file whole.
 * @param look is shown the first `SNIFFED_BYTES` before the rest is read, and may throw
 * @throws CocaError `not-found`, or `unreadable` for what is no regular file (a pipe or device could block or never
 * end), larger than `limit` bytes, without permission, or changed while it was read.
 */
export async function readRegularFile(
  name: string,
  limit = MAX_INPUT_BYTES,
  look?: (start: Uint8Array) => void,
): Promise<Buffer> {
  const path = encodeName(name);
  let file: FileHandle | undefined;
  try {
    // Looked at before it is opened: opening alone can act on a device. Non-blocking, should it change in between.
    requireRegular(name, await stat(path), PIPE_HINT);
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const before = await file.stat();
    requireRegular(name, before, PIPE_HINT);
    if (before.size > limit) throw tooLarge(name, limit);
    if (look) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(SNIFFED_BYTES), 0, SNIFFED_BYTES, 0);
      look(buffer.subarray(0, bytesRead));
    }
    const bytes = await readToEnd(name, file, before.size, limit);
    const after = await file.stat();
    const isProc = before.size === 0 && bytes.length > 0;
    if (!isProc && (after.size !== bytes.length || after.mtimeMs !== before.mtimeMs)) {
      throw new CocaError('unreadable', `${name} changed while it was read`);
    }
    return bytes;
  } catch (error) {
    throw fileError(name, error);
  } finally {
    await file?.close();
  }
}

/** The first bytes of a regular file; undefined where it cannot be read. */
export function readStart(name: string, count: number): Uint8Array | undefined {
  let file: number | undefined;
  try {
    const path = encodeName(name);
    // Looked at first: opening alone can act on a device.
    if (!statSync(path).isFile()) return undefined;
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const buffer = Buffer.alloc(count);
    return buffer.subarray(0, readSync(file, buffer, 0, count, 0));
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

async function readToEnd(name: string, file: FileHandle, expected: number, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let total = 0;
  for (;;) {
    // One byte more than expected: a file of the size it said is read in one piece, the second read finds its end.
    const chunk = Buffer.allocUnsafe(Math.max(expected - total + 1, 65_536));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
    if (bytesRead === 0) break;
    total += bytesRead;
    if (total > limit) throw tooLarge(name, limit);
    chunks.push(chunk.subarray(0, bytesRead));
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, total);
}

/** The error for an input of more than `limit` bytes. */
export function tooLarge(name: string, limit: number): CocaError {
  return new CocaError('unreadable', `${name} is larger than ${Math.round(limit / 2 ** 20)} MiB`);
}
