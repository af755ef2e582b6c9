import type { Terminal } from '../terminal.js';
import { type App, openApp } from '../view/app.js';
import type { Streams } from '../view/streams.js';
import { Suspension } from '../view/suspend.js';
import type { EditorAction, MenuItem } from './editor.js';
import { KeyReader } from './key-reader.js';
import type { PromptCommand } from './keys.js';
import { INITIAL_PROMPT, type PromptAction, type PromptState, reducePrompt } from './state.js';
import { type PromptStore, PromptView } from './view.js';

/** What a prompt asks of the session. */
export interface PromptHost {
  /** Earlier lines, the oldest first. */
  readonly history: () => readonly string[];
  /** How the word before the cursor can go on, and where it begins. */
  readonly complete: (
    line: string,
    cursor: number,
  ) => Promise<{ readonly start: number; readonly candidates: readonly MenuItem[] }>;
  /** The line as another editor leaves it, which has the terminal meanwhile. */
  readonly editOutside: (line: string) => Promise<string>;
  /** Ctrl-C while something runs. `isSecond`: the last key was one, too. */
  readonly onInterrupt: (isSecond: boolean) => void;
}

/** What a person does at a prompt while nothing runs. */
export type PromptEvent =
  | { readonly type: 'line'; readonly line: string }
  /** A second Ctrl-C in a row, on an empty line. */
  | { readonly type: 'interrupt' }
  /** Ctrl-D on an empty line; while something runs, it counts afterwards. */
  | { readonly type: 'end-of-input' };

const CLEAR_SCREEN = '\u001b[2J\u001b[3J\u001b[H';
/** What is longer was not typed, and each key would be felt. */
const LONGEST_LINE = 65_536;

/**
 * A prompt that stays at the foot of the terminal while results scroll away above it. Lines can be typed while
 * something runs: they wait for their turn.
 */
export class Prompt {
  #state: PromptState = INITIAL_PROMPT;
  #listeners = new Set<() => void>();
  #app: App | undefined;
  #writeAbove: (text: string) => void = () => undefined;
  #events: PromptEvent[] = [];
  #wake: () => void = () => undefined;
  /** How many Ctrl-C came in a row. */
  #interrupts = 0;
  #unfollow: () => void = () => undefined;
  readonly #suspension = new Suspension({ leave: () => this.#close(), enter: () => this.#open() });
  readonly #keys: KeyReader;
  readonly #store: PromptStore;

  constructor(
    private readonly terminal: Terminal,
    private readonly streams: Streams,
    private readonly host: PromptHost,
  ) {
    this.#keys = new KeyReader(streams.stdin, streams.stdout, (commands) => commands.forEach(this.#perform));
    this.#store = {
      subscribe: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      get: () => this.#state,
      setWriter: (write) => {
        this.#writeAbove = write;
      },
    };
  }

  /** Shows the prompt and reads keys. */
  show(): void {
    this.#open();
    this.#unfollow = this.#suspension.follow();
  }

  #open(): void {
    const { stdin, stdout } = this.streams;
    const { columns, rows, colors } = this.terminal;
    const sizeOf = () => ({ columns: stdout.columns || columns, rows: stdout.rows || rows });
    // Before the first frame: a key that is pressed early would be echoed into it.
    this.#keys.start();
    const view = <PromptView store={this.#store} colors={colors} sizeOf={sizeOf} />;
    this.#app = openApp(view, { stdin, stdout }, { maxFps: 60 });
  }

  /** Takes the prompt away and stops reading: the terminal is lent to a view. */
  async hide(): Promise<void> {
    this.#unfollow();
    await this.#close();
  }

  async #close(): Promise<void> {
    const app = this.#app;
    if (!app) return;
    this.#app = undefined;
    this.#keys.stop();
    await app.takeAway();
  }

  /** Writes above the prompt; `text` is whole lines. */
  write(text: string): void {
    if (this.#app) this.#writeAbove(text);
    else this.streams.stdout.write(text);
  }

  clearScreen(): void {
    this.write(CLEAR_SCREEN);
  }

  setLabel(label: string): void {
    this.#dispatch({ type: 'label', label });
  }

  remark(text: string): void {
    this.#dispatch({ type: 'remark', text });
  }

  /** Says that something runs now: lines wait, and Ctrl-C is for it. */
  begin(): void {
    this.#dispatch({ type: 'begin', now: performance.now() });
  }

  /** What the running thing says of itself. */
  report(status: string): void {
    this.#dispatch({ type: 'report', status });
  }

  finish(): void {
    this.#dispatch({ type: 'finish' });
  }

  /** What a person does next. */
  async next(): Promise<PromptEvent> {
    const [line] = this.#state.queued;
    if (line !== undefined) {
      this.#dispatch({ type: 'take' });
      return { type: 'line', line };
    }
    while (this.#events.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#events.shift()!;
  }

  #dispatch(action: PromptAction): void {
    this.#state = reducePrompt(this.#state, action, this.host.history());
    for (const listener of this.#listeners) listener();
  }

  #edit(action: EditorAction): void {
    this.#dispatch({ type: 'edit', action });
  }

  #emit(event: PromptEvent): void {
    this.#events.push(event);
    this.#wake();
  }

  readonly #perform = (command: PromptCommand): void => {
    const { editor } = this.#state;
    if (command.type !== 'interrupt') this.#interrupts = 0;
    switch (command.type) {
      case 'submit':
        this.#edit({ type: 'clear' });
        for (const line of editor.text.split('\n')) this.#submit(line);
        return;
      case 'complete':
      case 'complete-back':
        if (editor.menu) this.#edit({ type: command.type === 'complete' ? 'next-item' : 'previous-item' });
        else this.#complete();
        return;
      case 'interrupt':
        this.#interrupt();
        return;
      case 'end-of-input':
        if (editor.text !== '') this.#edit({ type: 'delete-forward' });
        else this.#emit({ type: 'end-of-input' });
        return;
      case 'clear-screen':
        this.clearScreen();
        return;
      case 'suspend':
        void this.#suspension.suspend();
        return;
      case 'edit-outside':
        void this.#editOutside();
        return;
      case 'insert':
        if (editor.text.length + command.text.length <= LONGEST_LINE) this.#edit(command);
        else this.remark(`a line holds at most ${LONGEST_LINE} characters: what was pasted is left out`);
        return;
      default:
        this.#edit(command);
    }
  };

  /** Ctrl-C gives up what is nearest: the lines that wait and what runs, else what is typed, else the session. */
  #interrupt(): void {
    const { editor, work } = this.#state;
    this.#interrupts++;
    this.#dispatch({ type: 'drop-queue' });
    if (work) this.host.onInterrupt(this.#interrupts > 1);
    else if (editor.text !== '' || editor.search) {
      this.#interrupts = 0;
      this.#edit(editor.search ? { type: 'cancel-search' } : { type: 'clear' });
    } else if (this.#interrupts > 1) this.#emit({ type: 'interrupt' });
    else this.remark('Ctrl-C again or Ctrl-D leaves');
  }

  #submit(line: string): void {
    if (this.#state.work || this.#state.queued.length > 0 || this.#events.length > 0) {
      this.#dispatch({ type: 'queue', line });
    } else this.#emit({ type: 'line', line });
  }

  async #editOutside(): Promise<void> {
    const { text } = this.#state.editor;
    await this.hide();
    const edited = await this.host.editOutside(text).catch((error: Error) => {
      this.remark(error.message);
      return undefined;
    });
    this.show();
    if (edited === undefined || edited === text) return;
    if (edited.length <= LONGEST_LINE) this.#edit({ type: 'replace', text: edited });
    else this.remark(`a line holds at most ${LONGEST_LINE} characters: it is as it was`);
  }

  async #complete(): Promise<void> {
    const { text, cursor } = this.#state.editor;
    const { start, candidates } = await this.host.complete(text, cursor);
    const { editor } = this.#state;
    // After more keys the answer would be about another word.
    if (editor.text === text && editor.cursor === cursor) this.#edit({ type: 'offer', start, items: candidates });
  }
}
