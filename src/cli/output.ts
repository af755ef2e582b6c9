import { fstatSync, write as writeFd } from 'node:fs';
import type { Writable } from 'node:stream';
import { CocaError } from '../model/base/errors.js';
import { Turns } from '../model/base/turns.js';

/** The reader went away (`| head -1`): no error, only the end of the work. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone';
}

type WriteChunk = (bytes: Buffer) => Promise<void>;

/**
 * Standard output as a command sees it. `write` resolves when the bytes have left this process, so a slow reader
 * slows the work down, nothing is pending when the process ends, and a full disk is an error instead of silence.
 */
export class Output {
  readonly #write: WriteChunk;
  readonly #turns = new Turns();
  #before: () => void = () => undefined;

  constructor(write: WriteChunk) {
    this.#write = write;
  }

  /** What is to happen before each write: a status line on the same terminal makes room. */
  beforeWrite(action: () => void): void {
    this.#before = action;
  }

  /**
   * Writes after everything written before.
   * @throws ReaderGone when the reader closed the pipe; CocaError `write-failed` for anything else.
   */
  write(text: string | Uint8Array): Promise<void> {
    this.#before();
    // A failure is for the caller that awaits this write; the next write finds the stream failing by itself.
    return this.#turns
      .take(() => this.#write(toBuffer(text)))
      .catch((error: unknown) => {
        throw toOutputError(error);
      });
  }

  /** `write` with a line end. */
  line(text: string): Promise<void> {
    return this.write(`${text}\n`);
  }

  /** Resolves when everything written so far has left. */
  flush(): Promise<void> {
    return this.#turns.take(() => undefined);
  }
}

const toBuffer = (text: string | Uint8Array): Buffer =>
  typeof text === 'string' ? Buffer.from(text, 'utf8') : Buffer.from(text);

function toOutputError(error: unknown): Error {
  if (error instanceof ReaderGone || error instanceof CocaError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') return new ReaderGone();
  const reason = code === 'ENOSPC' ? 'no space left on the device' : message;
  return new CocaError('write-failed', `cannot write the results: ${reason}`, undefined, { cause: error });
}

/** Bytes to a stream, waiting until it has passed them on. */
function streamWriter(stream: Writable): WriteChunk {
  // Failures reach the callback too; without a listener Node would also throw them.
  stream.on('error', () => undefined);
  return (bytes) =>
    new Promise((resolve, reject) => {
      try {
        stream.write(bytes, (error) => (error ? reject(error) : resolve()));
      } catch (error) {
        reject(error);
      }
    });
}

/** Bytes to a regular file or device, to the last one: Node's own stream for files drops the rest of a short write. */
export function fileWriter(fd: number): WriteChunk {
  const once = (bytes: Buffer): Promise<number> =>
    new Promise((resolve, reject) => {
      writeFd(fd, bytes, 0, bytes.length, null, (error, count) => (error ? reject(error) : resolve(count)));
    });
  return async (bytes) => {
    let left = bytes;
    while (left.length > 0) left = left.subarray(await once(left));
  };
}

/** The output that writes to this process's stdout. */
export function standardOutput(): Output {
  const stat = fstatSync(1);
  const isFile = stat.isFile() || (stat.isCharacterDevice() && !process.stdout.isTTY);
  return new Output(isFile ? fileWriter(1) : streamWriter(process.stdout));
}
