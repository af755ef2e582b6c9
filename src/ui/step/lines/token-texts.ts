import type { Tokenizer } from '../../../model/tokenizer/tokenizer.js';
import { visible } from '../../text.js';

/** Stands for the end token, whose name is long. */
const END = '↵';
/** After a token that does not end a word. */
const PIECE = '+';

/** Tokens as they are shown: nothing in them may move a cursor. */
export class TokenTexts {
  readonly #texts = new Map<number, string>();
  /** Whether this vocabulary says where words end: only then can tokens be set without a space. */
  readonly #marksEnds: boolean;
  #vocabulary: readonly string[] | undefined;

  constructor(private readonly tokenizer: Omit<Tokenizer, 'context' | 'contextLength' | 'fits'>) {
    const last = tokenizer.encode('a').at(-1);
    this.#marksEnds = last !== undefined && tokenizer.endsWord(last);
  }

  /** A token in a row of others. */
  readonly of = (id: number): string => {
    const known = this.#texts.get(id);
    if (known !== undefined) return known;
    const text = id === this.tokenizer.special.eot ? END : visible(this.tokenizer.tokenText(id)) || '·';
    this.#texts.set(id, text);
    return text;
  };

  /** Tokens that stand alone: a piece that the next token goes on from is told from a whole word. */
  readonly label = (...ids: readonly number[]): string =>
    ids.map((id) => (this.isPiece(id) ? `${this.of(id)}${PIECE}` : this.of(id))).join('');

  /** Whether the next token follows without a space. */
  isPiece(id: number): boolean {
    const { endsWord, special } = this.tokenizer;
    return this.#marksEnds && !endsWord(id) && id !== special.eot;
  }

  /** A caption. */
  caption(ids: readonly number[]): string {
    return visible(this.tokenizer.decode(ids));
  }

  /** Every token by its name. */
  get vocabulary(): readonly string[] {
    const { vocabSize, tokenText } = this.tokenizer;
    this.#vocabulary ??= Array.from({ length: vocabSize }, (_, id) => visible(tokenText(id)));
    return this.#vocabulary;
  }
}
