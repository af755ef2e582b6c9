import { EventEmitter } from 'node:events';
import { cursorTo, eraseCells } from '../picture/cursor.js';
import type { Drawing } from '../picture/drawing.js';
import { KittyPictures, type KittyPlacement } from '../picture/kitty.js';

/** A drawing with its place on the screen: rows and columns of its top left corner, counted from 0. */
export interface Painting {
  readonly row: number;
  readonly column: number;
  readonly drawing: Drawing;
}

const SAVE_CURSOR = '\u001b7';
const RESTORE_CURSOR = '\u001b8';
const ERASE = '\u001b[2J';
const HOME = '\u001b[H';

/**
 * The terminal as Ink sees it, with pictures, and whatever else is large and coloured, laid over what Ink writes. Ink
 * looks at every character of its text several times: a picture of thousands of coloured cells would take it a third of
 * a second, for each key. So Ink leaves room for them, and they are painted there as soon as the text is written; after
 * that, of cells only the lines that changed. Both count from the top left corner of a screen of their own.
 */
export class Screen extends EventEmitter {
  readonly isTTY = true;
  #paintings: readonly Painting[] = [];
  #isPainted = true;
  /** Lines of cells that are on the screen as they were painted, by their places. */
  #shown: ReadonlyMap<string, string> = new Map();
  /** Where the drawings are that text can wipe away. */
  #places = '';
  readonly #pictures = new KittyPictures();

  constructor(private readonly stdout: NodeJS.WriteStream) {
    super();
    this.setMaxListeners(0);
  }

  /** Ink's last frame, as it was written. */
  #frame = '';

  /** Draws all that is on it once more, on a screen of which nothing is known. */
  redraw(): void {
    this.#pictures.update([]);
    this.#shown = new Map();
    this.stdout.write(ERASE + HOME + this.#frame + this.#paint().text);
  }

  /** Takes the pictures away that a terminal keeps apart from its text. */
  removePictures(): void {
    this.stdout.write(this.#pictures.update([]));
  }

  /** Starts to follow the terminal's size. @returns how to stop, and to leave no picture behind */
  follow(): () => void {
    const onResize = (): void => {
      // What a terminal makes of its lines when its size changes is unknown.
      this.stdout.write(this.#pictures.update([]) + ERASE + HOME);
      this.#shown = new Map();
      this.#isPainted = false;
      this.emit('resize');
    };
    this.stdout.on('resize', onResize);
    return () => {
      this.stdout.off('resize', onResize);
      this.removePictures();
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
    const { text } = this.#paint();
    if (text !== '') this.stdout.write(text);
  }

  /** Sends the terminal something that shows nothing: a question. */
  send(text: string): void {
    this.stdout.write(text);
  }

  readonly write = (text: string, done?: () => void): boolean => {
    // Ink's frames end their lines, its cursor commands do not.
    if (!text.includes('\n')) return this.stdout.write(text, done);
    this.#frame = text;
    this.#shown = new Map();
    const painted = this.#paint();
    // Blanks wipe most pictures away, but only this all of them.
    return this.stdout.write((painted.isElsewhere ? ERASE : '') + text + painted.text, done);
  };

  /** The bytes that paint, and whether what text can wipe away has gone to other places. */
  #paint(): { readonly text: string; readonly isElsewhere: boolean } {
    this.#isPainted = true;
    const over: string[] = [];
    const shown = new Map<string, string>();
    const blanks: string[] = [];
    const places: string[] = [];
    const pictures: KittyPlacement[] = [];
    for (const { row, column, drawing } of this.#paintings) {
      if ('kitty' in drawing) {
        pictures.push({ row, column, image: drawing.kitty });
        continue;
      }
      if ('cells' in drawing) {
        places.push(`${row} ${column} ${drawing.cells.length}`);
        for (const [i, line] of drawing.cells.entries()) shown.set(cursorTo(row + i, column), line);
        continue;
      }
      places.push(`${row} ${column} 1`);
      over.push(cursorTo(row, column) + drawing.inline);
      // It may not fill its cells to the edge.
      for (let i = 0; i < drawing.rows; i++) blanks.push(cursorTo(row + i, column) + eraseCells(drawing.columns));
    }
    const isElsewhere = places.join() !== this.#places;
    this.#places = places.join();
    const cells = [...shown].filter(([place, line]) => isElsewhere || this.#shown.get(place) !== line);
    this.#shown = shown;
    const under = [...(isElsewhere ? blanks : []), this.#pictures.update(pictures)];
    const text = [...under, ...cells.map(([place, line]) => place + line), ...over].join('');
    return { text: text === '' ? '' : SAVE_CURSOR + text + RESTORE_CURSOR, isElsewhere };
  }
}
