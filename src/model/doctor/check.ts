/** One thing that was looked at. */
export interface Check {
  readonly area: 'program' | 'engines' | 'terminal' | 'models' | 'hub';
  /** What it is about: `node`, `onnx cuda`, a model's name. */
  readonly name: string;
  /**
   * `ok`: as it should be; `absent`: cannot be had here, which harms nothing; `problem`: something is wrong;
   * `fatal`: without it the program is of no use.
   */
  readonly status: 'ok' | 'absent' | 'problem' | 'fatal';
  /** What was found, in a line. */
  readonly found: string;
  /** What to do, for everything that is not `ok`; for that, what could be better still. */
  readonly advice?: string;
  /** Measured on the bundled model, in milliseconds. */
  readonly ms?: { readonly encode: number; readonly caption: number };
  /**
   * Makes it right without losing anything; says what was done.
   * @throws CocaError where that cannot be done
   */
  readonly fix?: () => Promise<string>;
}

/** What checks are given besides what they look at. */
export interface CheckContext {
  readonly signal: AbortSignal;
  /** Whether devices are to be timed, which takes seconds for each. */
  readonly isTimed: boolean;
  /** Also those of engines that are slow to try. */
  readonly isAll: boolean;
  /** What is being done, for a person who waits. */
  readonly onStatus: (text: string) => void;
}
