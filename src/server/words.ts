import type { Tokenizer } from '../model/tokenizer/tokenizer.js';

/**
 * The words of a caption as soon as a search can find no other: those that every hypothesis begins with. Nothing that was told is
 * taken back.
 */
export class SureWords {
  #told = '';

  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly tell: (text: string) => void,
  ) {}

  /** Ids that are certain, after a step. */
  step(certain: readonly number[]): void {
    const ids = [...certain];
    const { eot } = this.tokenizer.special;
    if (ids.at(-1) === eot) ids.pop();
    // A word whose end is not certain may go on.
    while (ids.length > 0 && !this.tokenizer.endsWord(ids.at(-1)!)) ids.pop();
    this.#tellUpTo(this.tokenizer.decode(ids));
  }

  /** When the search has ended: what it found. */
  finish(text: string): void {
    this.#tellUpTo(text);
  }

  #tellUpTo(text: string): void {
    if (text.length <= this.#told.length || !text.startsWith(this.#told)) return;
    this.tell(text.slice(this.#told.length));
    this.#told = text;
  }
}
