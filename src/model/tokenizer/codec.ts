/** Ids that are put around a text. */
export interface Frame {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** What kinds of tokenizers differ in; `Tokenizer` is made from one of these. */
export interface Codec {
  /** Ids run from 0 to size - 1. */
  readonly size: number;
  /** Tokens that are no text, and what they are called. */
  readonly specials: ReadonlyMap<number, string>;
  /** Of a codec from a file: what the file puts around a text. */
  frame?(): Frame;
  /** Of a codec from a file: the id of a token, special or not. */
  idOf?(token: string): number | undefined;
  /** Ids of a text, without special tokens around it. May stop once there are `enough`. */
  encode(text: string, enough?: number): number[];
  /** Text of ids below `size` that are not special. */
  decode(ids: readonly number[]): string;
  /** One token, not special, as a person should see it. */
  show(id: number): string;
  /** Whether a word ends with this token; false throughout where the vocabulary marks beginnings instead. */
  endsWord(id: number): boolean;
}
