import { emitKeypressEvents, type Key } from 'node:readline';
import { PassThrough } from 'node:stream';
import { commandOf, type PromptCommand } from './keys.js';

/** Asks the terminal to say what is pasted, so that a pasted line end does not run a line. */
const PASTE_MODE_ON = '\u001b[?2004h';
const PASTE_MODE_OFF = '\u001b[?2004l';

/**
 * Reads key presses as commands while it is started, and leaves the terminal to others while it is not. Ink's own
 * reader cannot tell Backspace from Delete; Node's can.
 */
export class KeyReader {
  readonly #keys = new PassThrough();
  readonly #commands: PromptCommand[] = [];
  #pasted: string | undefined;
  #isAfterX = false;

  /** @param onCommands receives what came in at once, text in one piece */
  constructor(
    private readonly stdin: NodeJS.ReadStream,
    private readonly stdout: Pick<NodeJS.WriteStream, 'write'>,
    private readonly onCommands: (commands: readonly PromptCommand[]) => void,
  ) {
    emitKeypressEvents(this.#keys);
    this.#keys.on('keypress', (text: string | undefined, key: Key) => this.#press(text, key));
  }

  start(): void {
    this.stdin.setRawMode(true);
    this.stdout.write(PASTE_MODE_ON);
    this.stdin.on('data', this.#onData);
    this.stdin.ref();
    this.stdin.resume();
  }

  stop(): void {
    this.stdin.off('data', this.#onData);
    this.stdin.pause();
    this.stdout.write(PASTE_MODE_OFF);
    this.stdin.setRawMode(false);
  }

  readonly #onData = (chunk: Buffer | string): void => {
    this.#keys.write(chunk);
  };

  #press(text: string | undefined, key: Key): void {
    if (key.name === 'paste-start') this.#pasted = '';
    else if (key.name === 'paste-end') {
      // The line end that copying a line brings along says nothing.
      this.#add({ type: 'insert', text: (this.#pasted ?? '').replace(/\n$/, '') });
      this.#pasted = undefined;
    } else if (this.#pasted !== undefined) {
      this.#pasted += key.name === 'return' || key.name === 'enter' ? '\n' : (text ?? '');
    } else {
      const command = commandOf(text, key, this.#isAfterX);
      this.#isAfterX = key.ctrl === true && key.name === 'x' && !this.#isAfterX;
      if (command) this.#add(command);
    }
  }

  #add(command: PromptCommand): void {
    const last = this.#commands.at(-1);
    if (last?.type === 'insert' && command.type === 'insert') {
      this.#commands[this.#commands.length - 1] = { type: 'insert', text: last.text + command.text };
    } else this.#commands.push(command);
    // What came in at once is passed on at once.
    if (this.#commands.length === 1) queueMicrotask(() => this.onCommands(this.#commands.splice(0)));
  }
}
