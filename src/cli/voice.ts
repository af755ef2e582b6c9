import { hangingBy } from '../ui/hanging.js';

/** Before advice, and before what does not fit on a line. */
export const HINT = '      ';

/** Characters that take a column each. */
const PLAIN = /^[\x20-\x7e]*$/;

/** Says lines to a person, in the order in which they come: on a terminal broken at words, in a pipe as they are. */
export class Voice {
  /** What is still to be said: the widths of its characters take a while to load, and most lines need none. */
  #held: Promise<void> | undefined;

  constructor(private readonly stream: NodeJS.WriteStream) {}

  /** @param before is called right before the line is written */
  say(head: string, text: string, before: () => void = () => undefined): void {
    const line = head + text;
    const { isTTY, columns } = this.stream;
    if (this.#held !== undefined || (isTTY && columns && !PLAIN.test(line))) {
      this.#held = this.#sayLater(line, before, this.#held);
      return;
    }
    before();
    this.#write(isTTY && columns ? hangingBy(({ length }) => length, line, columns, HINT.length) : [line]);
  }

  /** Resolves when all that was said is written. */
  async done(): Promise<void> {
    await this.#held;
  }

  async #sayLater(line: string, before: () => void, earlier: Promise<void> | undefined): Promise<void> {
    await earlier;
    const { hanging } = await import('../ui/layout.js');
    const { isTTY, columns } = this.stream;
    before();
    this.#write(isTTY && columns ? hanging(line, columns, HINT.length) : [line]);
  }

  #write(lines: readonly string[]): void {
    this.stream.write(lines.map((line) => `${line}\n`).join(''));
  }
}
