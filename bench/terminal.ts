import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';

/** A terminal that is none: how much was written to it, and when last. */
export class Terminal extends EventEmitter {
  readonly isTTY = true;
  last = 0;
  bytes = 0;

  constructor(
    readonly columns: number,
    readonly rows: number,
  ) {
    super();
  }

  readonly write = (text: string, done?: () => void): boolean => {
    this.bytes += Buffer.byteLength(text);
    this.last = performance.now();
    done?.();
    return true;
  };
}

/** Keys are what is pushed. */
export function keyboard(): NodeJS.ReadStream {
  const stream = new PassThrough();
  const itself = () => stream;
  return Object.assign(stream, { isTTY: true, setRawMode: itself, ref: itself, unref: itself }) as never;
}
