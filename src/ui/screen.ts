import { EventEmitter } from 'node:events';

/** Cells that are drawn beside Ink: a block of lines with its place on the screen, counted from 0. */
export interface Painting {
  readonly row: number;
  readonly column: number;
  readonly lines: readonly string[];
}

const SAVE_CURSOR = '\u001b7';
const RESTORE_CURSOR = '\u001b8';
const CLEAR = '\u001b[2J\u001b[H';

/**
 * The terminal as Ink sees it, with pictures, and whatever else is large and coloured, laid over what Ink writes. Ink
 * looks at every character of its text several times: a picture of thousands of coloured cells would take it a third of
 * a second, for each key. So Ink leaves room for them, and they are painted there as soon as the text is written; after
 * that, only the lines that changed. Both count from the top left corner of a screen of their own.
 */
export class Screen extends EventEmitter {
  readonly isTTY = true;
  #paintings: readonly Painting[] = [];
  #isPainted = true;
  /** Lines that are on the screen as they were painted, by their places. */
  #shown: ReadonlyMap<string, string> = new Map();

  constructor(private readonly stdout: NodeJS.WriteStream) {
    super();
    this.setMaxListeners(0);
  }

  /** Starts to follow the terminal's size. @returns how to stop */
  follow(): () => void {
    const onResize = (): void => {
      // What a terminal makes of its lines when its size changes, nobody knows.
      this.stdout.write(CLEAR);
      this.#lose();
      this.emit('resize');
    };
    this.stdout.on('resize', onResize);
    return () => {
      this.stdout.off('resize', onResize);
    };
  }

  /** May be 0 where a terminal does not know. */
  get columns(): number {
    return this.stdout.columns;
  }

  get rows(): number {
    return this.stdout.rows;
  }

  /** What is to lie over the text from the next write on. */
  setPaintings(paintings: readonly Painting[]): void {
    this.#paintings = paintings;
    this.#isPainted = false;
  }

  /** Paints what no text was written for: where only pictures changed. */
  flush(): void {
    if (this.#isPainted) return;
    const cells = this.#paint();
    if (cells !== '') this.stdout.write(cells);
  }

  readonly write = (text: string, done?: () => void): boolean => {
    // Ink's frames end their lines, its cursor commands do not.
    if (!text.includes('\n')) return this.stdout.write(text, done);
    this.#lose();
    return this.stdout.write(text + this.#paint(), done);
  };

  /** What was painted is there no more. */
  #lose(): void {
    this.#shown = new Map();
    this.#isPainted = false;
  }

  #paint(): string {
    this.#isPainted = true;
    const shown = new Map<string, string>();
    let cells = '';
    for (const { row, column, lines } of this.#paintings) {
      for (const [i, line] of lines.entries()) {
        const place = `${row + i + 1};${column + 1}`;
        if (this.#shown.get(place) !== line) cells += `\u001b[${place}H${line}`;
        shown.set(place, line);
      }
    }
    this.#shown = shown;
    return cells === '' ? '' : SAVE_CURSOR + cells + RESTORE_CURSOR;
  }
}
