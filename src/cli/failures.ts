import { CocaError } from '../model/base/errors.js';
import { withoutPasswords } from '../model/net/address.js';
import { visible } from '../ui/text.js';

/** A remark for a person as it may be shown: an address in it could have a password that was typed where none belongs. */
export const shown = (text: string): string => visible(withoutPasswords(text));

/** What a person is told of a failure: one line of what was wrong and, where there is advice, one of what to do. */
export function failureLines(error: unknown): { readonly message: string; readonly hint: string | undefined } {
  if (error instanceof CocaError) return { message: shown(error.message), hint: error.hint && shown(error.hint) };
  const message = error instanceof Error ? error.message : String(error);
  return { message: `unexpected failure: ${shown(message)}`, hint: 'COCA_DEBUG=1 shows where' };
}

/** Where an error came from, for who asked with COCA_DEBUG=1; otherwise nothing. */
export function debugLines(error: unknown): string[] {
  if (process.env.COCA_DEBUG !== '1' || !(error instanceof Error)) return [];
  const lines = [withoutPasswords(String(error.stack))];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    lines.push(`caused by ${withoutPasswords(String(cause.stack))}`);
  }
  return lines;
}
