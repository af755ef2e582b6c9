import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { VirtualTerminal } from './virtual-terminal.js';

export const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const PATIENCE_MS = 30_000;

export interface PtyOptions {
  readonly columns: number;
  readonly rows: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Instead of the program: a shell, say, from which it is started. */
  readonly command?: readonly string[];
}

/**
 * The built program on a pseudo-terminal, which util-linux's `script` makes (on every Debian, also in containers). A
 * shell in between says which terminal it is, sets its size, and afterwards whether it was left in order.
 */
export class Pty {
  #output = '';
  #shown: VirtualTerminal;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #wake: () => void = () => undefined;

  constructor(args: readonly string[], { columns, rows, env, cwd, command }: PtyOptions) {
    const quoted = (command ?? [process.execPath, CLI, ...args])
      .map((word) => `'${word.replaceAll("'", "'\\''")}'`)
      .join(' ');
    const program = `sh -c 'echo "pid $$"; exec "$@"' sh ${quoted}`;
    // A Ctrl-C that the terminal itself makes a signal of reaches this shell too, which must live on to tell the rest.
    const shell = `trap : INT; stty cols ${columns} rows ${rows}; tty; ${program}; echo "exit $?"; stty -a | grep -o -- '-*icanon'`;
    // Ink is silent where it is told that it runs in a CI; and it is this terminal, not the one that runs the tests.
    const {
      CI: _ci,
      CONTINUOUS_INTEGRATION: _also,
      NO_COLOR: _none,
      FORCE_COLOR: _some,
      NODE_ENV: _mode,
      TMUX: _multiplexer,
      STY: _older,
      TERM_PROGRAM: _program,
      KITTY_WINDOW_ID: _window,
      ...inherited
    } = process.env;
    this.#child = spawn('script', ['-qec', shell, '/dev/null'], {
      cwd,
      env: { ...inherited, TERM: 'xterm-256color', COLORTERM: 'truecolor', COCA_MODEL: '', SHELL: '/bin/sh', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#shown = new VirtualTerminal(columns, rows);
    this.#child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      this.#wake();
    });
    this.#ended = new Promise((resolve) => {
      this.#child.on('close', () => resolve());
    });
  }

  /** Everything that was written so far. */
  get output(): string {
    return this.#output;
  }

  /** What is on the screen now. */
  screen(): VirtualTerminal {
    const { columns, rows } = this.#shown;
    // What was cut in the middle of a control sequence goes on in the next chunk.
    return new VirtualTerminal(columns, rows).write(
      this.#output.replace(/\u001b(\[[?0-9;]*|[_P\]][^\u0007\u001b]*\u001b?)?$/, ''),
    );
  }

  /** The screen's text after each frame of Ink's that there ever was, however briefly. */
  frames(): string[] {
    const terminal = new VirtualTerminal(this.#shown.columns, this.#shown.rows);
    return this.#output.split(/(?<=\u001b\[\?2026l)/).map((frame) => terminal.write(frame).text());
  }

  /** Types, without waiting. */
  type(keys: string): void {
    this.#child.stdin!.write(keys);
  }

  /** Waits until the screen's text matches, and returns it. */
  async until(pattern: RegExp): Promise<string> {
    return (await this.untilScreen(String(pattern), (screen) => pattern.test(screen.text()))).text();
  }

  /** Waits until the screen shows what is wanted, and returns it. */
  async untilScreen(wanted: string, isShown: (screen: VirtualTerminal) => boolean): Promise<VirtualTerminal> {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      const screen = this.screen();
      if (isShown(screen)) return screen;
      const left = end - Date.now();
      if (left <= 0) throw new Error(`never saw ${wanted} but:\n${screen.text()}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, Math.min(left, 1000));
      });
    }
  }

  /** Gives the terminal another size, as a window does. */
  resize(columns: number, rows: number): void {
    const tty = /\/dev\/\S+/.exec(this.#output)![0];
    this.#shown = new VirtualTerminal(columns, rows);
    this.#output = `${tty}\r\n`;
    execFileSync('stty', ['-F', tty, 'cols', String(columns), 'rows', String(rows)]);
  }

  /** The program's process. */
  get pid(): number {
    return Number(/pid (\d+)/.exec(this.#output)![1]);
  }

  /** Sends a signal to the program. */
  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  /** Ends it, should it still run. */
  close(): void {
    this.#child.kill('SIGKILL');
  }

  /** Waits for the end. @returns the exit code, and whether the terminal reads lines again */
  async end(): Promise<{ readonly code: number; readonly isCooked: boolean; readonly modes: ReadonlySet<string> }> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE_MS);
    await this.#ended;
    clearTimeout(timer);
    const [, code, icanon] = /exit (\d+)\s+(-?icanon)/.exec(this.#output) ?? [];
    if (code === undefined) throw new Error(`no exit code in:\n${this.#output}`);
    return { code: Number(code), isCooked: icanon === 'icanon', modes: this.screen().modes };
  }
}
