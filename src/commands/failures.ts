import { CocaError } from '../model/errors.js';
import { visible } from '../ui/text.js';

/** What a person is told of a failure: one line of what was wrong and, where there is advice, one of what to do. */
export function failureLines(error: unknown): { readonly message: string; readonly hint: string | undefined } {
  if (error instanceof CocaError) return { message: visible(error.message), hint: error.hint && visible(error.hint) };
  const message = error instanceof Error ? error.message : String(error);
  return { message: `unexpected failure: ${visible(message)}`, hint: 'COCA_DEBUG=1 shows where' };
}

/** Where an error came from, for who asked with COCA_DEBUG=1; otherwise nothing. */
export function debugLines(error: unknown): string[] {
  if (process.env.COCA_DEBUG !== '1' || !(error instanceof Error)) return [];
  const lines = [String(error.stack)];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    lines.push(`caused by ${String(cause.stack)}`);
  }
  return lines;
}
