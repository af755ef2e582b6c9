import type { Readable } from 'node:stream';

/** Of what is written without an end, this much of the end is kept, in characters. */
const KEPT = 4096;
/** Of a line, this much is shown. */
const SHOWN = 300;
/** How a native or JavaScript stack trace begins: it and what comes after it is not a message. */
const TRACE = /^\s*(at |\d+: 0x|#\d+ |-{3,})/;

/** The end of what is written to a stream. Reading it also keeps the writer from having to wait. */
export class LastWords {
  #text = '';

  constructor(stream: Readable) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      this.#text = (this.#text + text).slice(-KEPT);
    });
  }

  forget(): void {
    this.#text = '';
  }

  /** The last line that says something. */
  get text(): string | undefined {
    const lines = this.#text.split(/\r?\n/);
    const trace = lines.findIndex((line) => TRACE.test(line));
    const said = (trace > 0 ? lines.slice(0, trace) : lines).findLast((line) => /[\p{L}\p{N}]/u.test(line));
    return said?.trim().slice(0, SHOWN);
  }
}
