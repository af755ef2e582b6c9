import { constants, readSync, type StatsBase } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { CocaError } from './errors.js';
import { encodeName } from './file-names.js';

/** Read at a time where a file is gone through as a stream. */
export const CHUNK_BYTES = 4 * 1024 * 1024;

/** Node refuses single reads of 2^31 bytes and more. */
const MAX_READ = 1 << 30;

/** The `CocaError` for a file that could not be opened or read; one that is already a `CocaError` stays as it is. */
export function fileError(name: string, cause: unknown): CocaError {
  if (cause instanceof CocaError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new CocaError('not-found', `no such file: ${name}`, notUtf8Hint(name), { cause });
    case 'EACCES':
    case 'EPERM':
      return new CocaError('unreadable', `no permission to read ${name}`, undefined, { cause });
    case 'ELOOP':
      return new CocaError('unreadable', `${name} is a link that leads back to itself`, undefined, { cause });
    case 'ENAMETOOLONG':
      return new CocaError('not-found', `no such file: its name of ${name.length} characters is too long`);
    case 'ERR_INVALID_ARG_VALUE':
      return new CocaError('not-found', `no such file: ${name} (a name cannot contain NUL)`);
    default:
      return new CocaError('unreadable', `cannot read ${name}: ${message}`, undefined, { cause });
  }
}

/** Arguments arrive decoded, with U+FFFD for what was no UTF-8: such a file can only be named in a list. */
function notUtf8Hint(name: string): string | undefined {
  return name.includes('\ufffd') ? 'list names that are not UTF-8 in a file for --files0' : undefined;
}

/** @throws CocaError `unreadable` for what is no regular file: reading a pipe or a device could block or never end */
export function requireRegular(
  name: string,
  stats: StatsBase<number | bigint>,
  pipeHint = 'name a regular file',
): void {
  if (stats.isFile()) return;
  const isPipe = stats.isFIFO();
  const kind = stats.isDirectory()
    ? 'a directory'
    : isPipe
      ? 'a named pipe'
      : stats.isSocket()
        ? 'a socket'
        : 'a device';
  throw new CocaError('unreadable', `${name} is ${kind}, not a file`, isPipe ? pipeHint : undefined);
}

/** A regular file opened for reading by offset. Never a directory, pipe or device, on which reads could block. */
export class RegularFile {
  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    /** Size in bytes when it was opened. */
    readonly size: number,
    /** Modification time in nanoseconds when it was opened. */
    readonly mtimeNs: bigint,
  ) {}

  /** @throws CocaError `not-found`, `unreadable` */
  static async open(path: string): Promise<RegularFile> {
    let handle: FileHandle | undefined;
    try {
      // Looked at before it is opened: opening alone can act on a device. Should it change in between: without O_NONBLOCK,
      // opening a pipe waits for a writer. Windows has no such flag.
      requireRegular(path, await stat(encodeName(path)));
      handle = await open(encodeName(path), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
      const stats = await handle.stat({ bigint: true });
      requireRegular(path, stats);
      return new RegularFile(path, handle, Number(stats.size), stats.mtimeNs);
    } catch (error) {
      await handle?.close();
      throw fileError(path, error);
    }
  }

  /** Whether size or modification time are no longer those of the moment it was opened. */
  async hasChanged(): Promise<boolean> {
    const stats = await this.handle.stat({ bigint: true });
    return Number(stats.size) !== this.size || stats.mtimeNs !== this.mtimeNs;
  }

  /**
   * Exactly `length` bytes from `offset`. The caller has checked them against `size`.
   * @throws CocaError `unreadable`
   */
  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    await this.#readInto(bytes, offset);
    return bytes;
  }

  /** As `read`, blocking: for many small pieces, where a promise each would cost more than the reading. */
  readNow(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      let count: number;
      try {
        count = readSync(this.handle.fd, bytes, done, length - done, offset + done);
      } catch (error) {
        throw fileError(this.path, error);
      }
      if (count === 0) throw this.#cutShort();
      done += count;
    }
    return bytes;
  }

  /**
   * `length` bytes from `offset` in pieces. A piece is valid until the next one is asked for.
   * @throws CocaError `unreadable`
   */
  async *chunks(offset: number, length: number): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, length));
    for (let done = 0; done < length; done += buffer.length) {
      const chunk = buffer.subarray(0, Math.min(buffer.length, length - done));
      await this.#readInto(chunk, offset + done);
      yield chunk;
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  async #readInto(bytes: Uint8Array, offset: number): Promise<void> {
    let done = 0;
    while (done < bytes.length) {
      let count: number;
      try {
        const length = Math.min(bytes.length - done, MAX_READ);
        count = (await this.handle.read(bytes, done, length, offset + done)).bytesRead;
      } catch (error) {
        throw fileError(this.path, error);
      }
      if (count === 0) throw this.#cutShort();
      done += count;
    }
  }

  #cutShort(): CocaError {
    return new CocaError('unreadable', `${this.path}: became shorter while it was read`, 'try again once it is whole');
  }
}
