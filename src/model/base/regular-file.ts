import { constants, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { CocaError } from './errors.js';
import { encodeName } from './file-names.js';

/** Read at a time where a file is gone through as a stream. */
export const CHUNK_BYTES = 4 * 1024 * 1024;

/** Node refuses single reads of 2^31 bytes and more. */
const MAX_READ = 1 << 30;

/** The `CocaError` for a file that could not be opened or read. */
export function unreadable(path: string, cause: unknown): CocaError {
  const { code, message } = cause as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new CocaError('not-found', `${path}: no such file`, 'check the path', { cause });
    case 'EACCES':
    case 'EPERM':
      return new CocaError('unreadable', `${path}: permission denied`, 'check who may read the file', { cause });
    case 'ELOOP':
      return new CocaError('unreadable', `${path}: its symbolic links form a loop`, 'name the real file', { cause });
    default:
      return new CocaError('unreadable', `${path}: cannot be read (${code ?? message})`, undefined, { cause });
  }
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

  /** Opens `path`. Throws `not-found` or `unreadable`. */
  static async open(path: string): Promise<RegularFile> {
    let handle: FileHandle | undefined;
    try {
      // Without O_NONBLOCK, opening a pipe waits for a writer. Windows has no such flag.
      handle = await open(encodeName(path), constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
      const stats = await handle.stat({ bigint: true });
      if (!stats.isFile()) {
        const kind = stats.isDirectory() ? 'a directory' : 'a pipe or device';
        throw new CocaError('unreadable', `${path}: is ${kind}, not a file`, 'name a regular file');
      }
      return new RegularFile(path, handle, Number(stats.size), stats.mtimeNs);
    } catch (error) {
      await handle?.close();
      throw error instanceof CocaError ? error : unreadable(path, error);
    }
  }

  /** Whether size or modification time are no longer those of the moment it was opened. */
  async hasChanged(): Promise<boolean> {
    const stats = await this.handle.stat({ bigint: true });
    return Number(stats.size) !== this.size || stats.mtimeNs !== this.mtimeNs;
  }

  /** Exactly `length` bytes from `offset`. The caller has checked them against `size`. Throws `unreadable`. */
  async read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    await this.readInto(bytes, offset);
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
        throw unreadable(this.path, error);
      }
      if (count === 0) throw this.cutShort();
      done += count;
    }
    return bytes;
  }

  /** `length` bytes from `offset` in pieces. A piece is valid until the next one is asked for. Throws `unreadable`. */
  async *chunks(offset: number, length: number): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
    const buffer = new Uint8Array(Math.min(CHUNK_BYTES, length));
    for (let done = 0; done < length; done += buffer.length) {
      const chunk = buffer.subarray(0, Math.min(buffer.length, length - done));
      await this.readInto(chunk, offset + done);
      yield chunk;
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private async readInto(bytes: Uint8Array, offset: number): Promise<void> {
    let done = 0;
    while (done < bytes.length) {
      let count: number;
      try {
        const length = Math.min(bytes.length - done, MAX_READ);
        count = (await this.handle.read(bytes, done, length, offset + done)).bytesRead;
      } catch (error) {
        throw unreadable(this.path, error);
      }
      if (count === 0) throw this.cutShort();
      done += count;
    }
  }

  private cutShort(): CocaError {
    return new CocaError('unreadable', `${this.path}: became shorter while it was read`, 'try again once it is whole');
  }
}
