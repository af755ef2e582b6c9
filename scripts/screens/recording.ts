import { setTimeout as wait } from 'node:timers/promises';
import { Pty } from '../../test/support/pty.js';
import { VirtualTerminal } from '../../test/support/virtual-terminal.js';
import type { Cell, Cells } from './row.js';
import type { TimedFrame } from './svg.js';

const PATIENCE_MS = 60_000;
const LOOK_MS = 20;
const QUIET_LOOKS = 6;
/** Before what is typed there is the shell's prompt. */
const PROMPT = '\u001b[1m$\u001b[0m ';
const KEY_SECONDS = 0.09;
const STEP_SECONDS = 0.6;

export interface RecordedSize {
  readonly columns: number;
  readonly rows: number;
}

/**
 * The built program on a pseudo-terminal, used as a person would, with the screens that it shows. Their times are those of the
 * plan, not of the machine, so a recording is the same wherever it is made.
 */
export class Recording {
  readonly frames: TimedFrame[] = [];
  #seconds = 0;
  readonly #pty: Pty;
  readonly #terminal: VirtualTerminal;
  /** How much of the output the terminal has got. */
  #read = 0;

  /**
   * @param line the program's words, as they were typed
   * @param cwd where it is started
   */
  constructor(
    private readonly line: readonly string[],
    private readonly size: RecordedSize,
    cwd: string,
  ) {
    this.#pty = new Pty([...line], { ...size, cwd, env: { COCA_HISTORY: '' } });
    this.#terminal = new VirtualTerminal(size.columns, size.rows).write(`${PROMPT}${['coca', ...line].join(' ')}\r\n`);
  }

  get seconds(): number {
    return this.#seconds;
  }

  /** Shows how the program is started from a shell. */
  typeCommand(): void {
    const { columns, rows } = this.size;
    const text = ['coca', ...this.line].join(' ');
    for (let length = 0; length <= text.length; length++) {
      this.#keep(new VirtualTerminal(columns, rows).write(PROMPT + text.slice(0, length)));
      this.wait(length === 0 ? STEP_SECONDS : KEY_SECONDS);
    }
    this.wait(STEP_SECONDS);
  }

  /** Waits until the screen shows it, and keeps that. */
  async until(pattern: RegExp): Promise<Cells> {
    const end = Date.now() + PATIENCE_MS;
    let quiet = 0;
    for (;;) {
      const isQuiet = !this.#follow();
      quiet = isQuiet ? quiet + 1 : 0;
      // A frame may come in several pieces: text first, then what is painted over it.
      if (quiet >= QUIET_LOOKS && pattern.test(this.#terminal.text())) return this.#keep(this.#terminal);
      if (Date.now() > end) throw new Error(`never saw ${pattern} but:\n${this.#terminal.text()}`);
      await wait(LOOK_MS);
    }
  }

  /** Types a key, and waits until the screen shows what it did. */
  async press(key: string, pattern: RegExp, seconds = STEP_SECONDS): Promise<void> {
    this.#pty.type(key);
    await this.until(pattern);
    this.wait(seconds);
  }

  /** Types a line, each letter seen. */
  async type(text: string): Promise<void> {
    for (let length = 1; length <= text.length; length++) {
      const typed = text.slice(0, length).trimEnd();
      const shown = typed.replaceAll(/[.|/]/g, '\\$&').replaceAll(' ', '\\s+');
      await this.press(text[length - 1]!, new RegExp(`› ${shown}$`), KEY_SECONDS);
    }
    this.wait(STEP_SECONDS);
  }

  wait(seconds: number): void {
    this.#seconds += seconds;
  }

  close(): void {
    this.#pty.close();
  }

  #keep(terminal: VirtualTerminal): Cells {
    const screen = copyOf(terminal);
    this.frames.push({ at: Number(this.#seconds.toFixed(2)), screen });
    return screen;
  }

  /**
   * Writes to the terminal what the program has written since, but for a control sequence that has only begun.
   * @returns whether there was any
   */
  #follow(): boolean {
    const { output } = this.#pty;
    const begin = /pid \d+\r?\n/.exec(output);
    if (!begin) return false;
    const from = Math.max(this.#read, begin.index + begin[0].length);
    const end = /exit \d+\r?\n/.exec(output)?.index ?? output.length;
    const whole = output.slice(from, end).replace(/\u001b(\[[?0-9;]*|[_P\]][^\u0007\u001b]*\u001b?)?$/, '');
    this.#terminal.write(whole);
    this.#read = from + whole.length;
    return whole !== '';
  }
}

/** What was measured is another each time; this stands for it. */
const withoutTimes = (text: string): string =>
  text.replaceAll(/\d+(?= tokens\/s)/g, '120').replaceAll(/\d+(?= ms\b)/g, '100');

function copyOf(terminal: VirtualTerminal): Cells {
  const { columns, rows } = terminal;
  const cells = Array.from({ length: rows }, (_, row) => {
    const own = Array.from({ length: columns }, (_, column): Cell => terminal.cell(row, column));
    const text = own.map((cell) => cell.text).join('');
    const fixed = withoutTimes(text);
    if (fixed === text) return own;
    return [...fixed.padEnd(columns)].slice(0, columns).map((character) => ({ text: character, style: own[0]!.style }));
  });
  return { columns, rows, cell: (row, column) => cells[row]![column]! };
}
