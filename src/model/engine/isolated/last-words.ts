import type { Readable } from 'node:stream';

/** Of what is written without an end, this much of the end is kept, in characters. */
const KEPT = 4096;
/** Of a line, this much is shown. */
const SHOWN = 300;
/** Lines of a native or JavaScript stack trace, and the headings above them: not what somebody wanted to say. */
const TRACE = /^\s*(\d+: 0x|at |#\d+ |-{3,}|Node\.js v\d)/;

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
    const lines = this.#text.split(/\r?\n/).filter((line) => line.trim() !== '' && !TRACE.test(line));
    return lines.at(-1)?.trim().slice(0, SHOWN);
  }
}
