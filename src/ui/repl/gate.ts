import { EventEmitter } from 'node:events';

const SHOW_CURSOR = '\u001b[?25h';

/**
 * The terminal as Ink sees it, which can be shut: while something else has the terminal, Ink goes on as ever, and
 * nothing of it arrives. (Ink itself leaves its last frame behind when it is unmounted.)
 */
export class Gate extends EventEmitter {
  readonly isTTY = true;
  #isOpen = false;

  constructor(
    private readonly stdout: NodeJS.WriteStream,
    /** What is taken for the size of a terminal that does not know. */
    private readonly otherwise: { readonly columns: number; readonly rows: number },
  ) {
    super();
    this.setMaxListeners(0);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get columns(): number {
    return this.stdout.columns || this.otherwise.columns;
  }

  get rows(): number {
    return this.stdout.rows || this.otherwise.rows;
  }

  /** Lets through what is written from now on, and what the terminal says of its size. */
  open(): void {
    this.#isOpen = true;
    this.stdout.on('resize', this.#onResize);
  }

  shut(): void {
    this.#isOpen = false;
    this.stdout.off('resize', this.#onResize);
    this.stdout.write(SHOW_CURSOR);
  }

  readonly write = (text: string, done?: () => void): boolean => {
    if (this.#isOpen) return this.stdout.write(text, done);
    done?.();
    return true;
  };

  readonly #onResize = (): void => {
    this.emit('resize');
  };
}
