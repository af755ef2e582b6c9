import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';

/** A terminal's output as Ink uses it: a size, and frames. */
export class FakeStdout extends EventEmitter {
  readonly isTTY = true;
  readonly frames: string[] = [];

  constructor(
    public columns: number,
    public rows: number,
  ) {
    super();
  }

  readonly write = (text: string): boolean => {
    this.frames.push(text);
    return true;
  };

  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.emit('resize');
  }
}

/** A terminal's input: raw mode is a wish that is granted. */
export function fakeStdin(): NodeJS.ReadStream {
  const stream = new PassThrough();
  return Object.assign(stream, {
    isTTY: true,
    setRawMode: () => stream,
    ref: () => stream,
    unref: () => stream,
  }) as unknown as NodeJS.ReadStream;
}
