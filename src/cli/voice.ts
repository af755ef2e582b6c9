import { hangingBy } from '../ui/hanging.js';

/** Before advice, and before what does not fit on a line. */
export const HINT = '      ';

/** Characters that take a column each. */
const PLAIN = /^[\x20-\x7e]*$/;

/** Says lines to a person, in the order in which they come: on a terminal broken at words, in a pipe as they are. */
export class Voice {
  /** What is still to be written: the widths of its characters take a while to load, and most lines need none. */
  #held: Promise<void> | undefined;

  constructor(private readonly stream: NodeJS.WriteStream) {}

  /** @param before is called right before the line is written */
  say(head: string, text: string, before: () => void = () => undefined): void {
    const line = head + text;
    const write = (widthOf: (text: string) => number): void => {
      before();
      const { isTTY, columns } = this.stream;
      this.#write(isTTY && columns ? hangingBy(widthOf, line, columns, HINT.length).join('\n') : line);
    };
    const isPlain = !this.stream.isTTY || PLAIN.test(line);
    if (this.#held === undefined && isPlain) write(({ length }) => length);
    else this.#held = this.#afterwards(async () => write((await import('../ui/layout.js')).widthOf));
  }

  /** Lines as they are, on a terminal too. */
  print(lines: string): void {
    if (this.#held === undefined) this.#write(lines);
    else this.#held = this.#afterwards(async () => this.#write(lines));
  }

  /** Resolves when all that was said is written. */
  async done(): Promise<void> {
    await this.#held;
  }

  async #afterwards(write: () => Promise<void>, held = this.#held): Promise<void> {
    await held;
    await write();
  }

  #write(lines: string): void {
    this.stream.write(`${lines}\n`);
  }
}
