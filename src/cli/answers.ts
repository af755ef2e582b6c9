import type { CocaError } from '../model/base/errors.js';

/** What reads results: a person, a line tool, or a JSON parser. */
export type Format = 'terminal' | 'plain' | 'json' | 'jsonl';

/** What an input is, as its error object calls it. */
export type InputKind = 'image' | 'caption' | 'text' | 'model' | 'part';

/** Why an input has no result. */
export interface Failure {
  readonly kind: 'failure';
  readonly name: string;
  readonly error: CocaError;
  readonly key: InputKind;
}

/** What a command has to say of one input: its result as a value, or why there is none. */
export type Answer<R = unknown> = { readonly kind: 'result'; readonly result: R } | Failure;

/** Writes result objects as they come. */
export interface ObjectWriter {
  write(object: object): Promise<void>;
  /** Ends the array; an interrupted run ends it too, so that what is there can be read. */
  end(): Promise<void>;
}

/** Prints the results of a command in one form. */
export interface ResultWriter<R = unknown, P = unknown> {
  /** Where failures go as objects, too. */
  readonly objects: ObjectWriter | undefined;
  /** Shows a picture before its result, as soon as it is there. */
  begin?(item: P): Promise<void>;
  result(result: R): Promise<void>;
  /** Prints what is about all results together, when they are all there. */
  finish?(): Promise<void>;
}
