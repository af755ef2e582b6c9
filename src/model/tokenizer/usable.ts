import { CocaError } from '../base/errors.js';
import type { Tokenizer } from './tokenizer.js';

/** Why a model cannot read a text as a whole, if it cannot. */
export function unusableText(text: string, tokenizer: Tokenizer): CocaError | undefined {
  try {
    if (tokenizer.fits(text)) return undefined;
    return new CocaError('bad-text', `the caption is longer than the ${tokenizer.contextLength} ids this model reads`);
  } catch (error) {
    if (error instanceof CocaError && error.code === 'bad-text') return error;
    throw error;
  }
}

/** @throws CocaError `bad-text` for the first text that the model cannot read as a whole */
export function mustBeUsable(texts: readonly string[], tokenizer: Tokenizer): void {
  for (const text of texts) {
    const error = unusableText(text, tokenizer);
    if (error) throw error;
  }
}
