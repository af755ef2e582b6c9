import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CocaError } from './errors.js';
import { isFolder } from './folders.js';

/** How a temporary file beside `path` is called; `finalNameOf` knows them again. */
function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
}

/** A temporary file of this age was left by a process that was killed. */
export const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** What the file that `writeWhole` makes under this temporary name is to be called; undefined for any other name. */
export function finalNameOf(name: string): string | undefined {
  return /^\.(?<final>.+)\.[0-9a-f]{12}\.tmp$/.exec(name)?.groups?.final;
}

/**
 * Writes a file whole or not at all: to a temporary file beside it, which takes the name once it is on disk.
 * @param fill writes the contents, piece by piece
 * @param mode who may do what with it, as far as the process's umask lets them
 * @param encode what the file system is to be given for a path, where that is not its text
 * @throws CocaError `write-failed`; what `fill` throws, unchanged
 */
export async function writeWhole(
  path: string,
  fill: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
  mode = 0o666,
  encode: (path: string) => string | Buffer = (text) => text,
): Promise<void> {
  const temporary = encode(temporaryName(path));
  const orFail = <T>(operation: Promise<T>): Promise<T> => orWriteFailed(path, operation);
  const handle = await orFail(open(temporary, 'wx', mode));
  try {
    try {
      await fill((bytes) => orFail(writeFully(handle, bytes)));
      await orFail(handle.sync());
    } finally {
      await handle.close();
    }
    await orFail(rename(temporary, encode(path)));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(encode(dirname(path)));
}

/**
 * Finds out whether `writeWhole` could write a file, and leaves nothing behind.
 * @throws CocaError `write-failed` as `writeWhole`
 */
export async function checkWritable(path: string): Promise<void> {
  const temporary = temporaryName(path);
  const handle = await orWriteFailed(path, open(temporary, 'wx'));
  await handle.close();
  await rm(temporary, { force: true });
  if (await isFolder(path)) throw writeFailed(path, { code: 'EISDIR' });
}

/** Writes all of `bytes`, at `position` or where the last write ended. */
export async function writeFully(handle: FileHandle, bytes: Uint8Array, position?: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    // Writes are capped well below 2^31 bytes, from where on the system cuts them.
    const length = Math.min(bytes.length - done, 1 << 30);
    const at = position === undefined ? null : position + done;
    done += (await handle.write(bytes, done, length, at)).bytesWritten;
  }
}

/** Makes a rename itself durable. Where directories cannot be synced (Windows), the system does as it does. */
export async function syncDirectory(directory: string | Buffer): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(directory, 'r');
    await handle.sync();
  } catch {
    // The file is whole under its name either way.
  } finally {
    await handle?.close();
  }
}

/** The `CocaError` for a file that could not be written. */
export function writeFailed(path: string, cause: unknown): CocaError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const hint = code === 'ENOSPC' || code === 'EDQUOT' ? 'free some disk space' : 'check that the folder is writable';
  return new CocaError('write-failed', `${path}: cannot be written (${code ?? message})`, hint, { cause });
}

/** The result of an operation on the disk, or `writeFailed`. */
export async function orWriteFailed<T>(path: string, operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (cause) {
    throw cause instanceof CocaError ? cause : writeFailed(path, cause);
  }
}
