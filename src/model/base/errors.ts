/**
 * What can go wrong, by name. Scripts read the code, people read the message; the command line maps `usage` to exit
 * code 64 and everything else to 1 (some inputs) or 2 (nothing could be done).
 */
export type ErrorCode =
  | 'usage' // the command line contradicts itself or names something that does not exist
  | 'not-found' // a file, model or name that is not there
  | 'unreadable' // exists, but cannot be read (permission, directory, device, changed while being read)
  | 'bad-image' // not a picture that can be decoded whole
  | 'bad-video' // not a video that can be decoded whole
  | 'missing-program' // another program that is needed is not there, or cannot be started
  | 'bad-checkpoint' // weights that are malformed, hostile or do not fit the config
  | 'bad-config' // open_clip_config.json malformed, or asking for what the network does not do
  | 'bad-tokenizer' // tokenizer files malformed or unlike the model
  | 'bad-text' // a text that cannot be used (too long, empty)
  | 'bad-session' // a saved session that is malformed, or of another picture or model
  | 'bad-data' // a data set that is empty, malformed, or lacks what is asked of it
  | 'device' // an execution device that cannot run
  | 'engine' // the inference engine failed
  | 'diverged' // training whose loss or gradient is no longer finite
  | 'write-failed' // an output could not be written
  | 'network' // a remote resource could not be fetched
  | 'denied' // a server wants a token, another token, or terms accepted first
  | 'bad-download' // what came is not what was announced: size, hash, a name that is no safe file name
  | 'bad-settings' // the settings file cannot be read
  | 'interrupted'; // stopped by the user

/** The one error class of the program: what was wrong and where (`message`), and what to do about it (`hint`). */
export class CocaError extends Error {
  override readonly name = 'CocaError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly hint?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** @throws CocaError `interrupted` once `signal` is aborted */
export function stopIfAborted(signal: AbortSignal | undefined, message = 'interrupted'): void {
  if (signal?.aborted) throw new CocaError('interrupted', message);
}

/** An error as it passes between threads and processes, which its class does not; `code` is missing where it was none of ours. */
export interface PlainError {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly hint: string | undefined;
}

export function plainError(error: unknown): PlainError {
  if (error instanceof CocaError) return { code: error.code, message: error.message, hint: error.hint };
  return { code: undefined, message: error instanceof Error ? error.message : String(error), hint: undefined };
}

/** The error that `plainError` was made of. */
export function errorFrom({ code, message, hint }: PlainError): Error {
  return code === undefined ? new Error(message) : new CocaError(code, message, hint);
}
