import { CocaError } from '../base/errors.js';
import type { Tokenizer } from './tokenizer.js';

/** What becomes of a text that is longer than the context. */
export interface CutTexts {
  /**
   * Told of each such text, which is then cut as OpenCLIP cuts it: what does not fit is left out, and the end token is the last.
   * Without this, it is refused.
   */
  readonly onCut?: (text: string) => void;
}

/** Why a model cannot read a text, if it cannot. */
export function unusableText(text: string, tokenizer: Tokenizer, { onCut }: CutTexts = {}): CocaError | undefined {
  try {
    if (tokenizer.fits(text) || onCut) return undefined;
    return new CocaError('bad-text', `the caption is longer than the ${tokenizer.contextLength} ids this model reads`);
  } catch (error) {
    if (error instanceof CocaError && error.code === 'bad-text') return error;
    throw error;
  }
}

/** @throws CocaError `bad-text` for the first text that the model cannot read */
export function mustBeUsable(texts: readonly string[], tokenizer: Tokenizer, cut: CutTexts = {}): void {
  for (const text of texts) {
    const error = unusableText(text, tokenizer, cut);
    if (error) throw error;
  }
}

/**
 * Tells of a text that is cut.
 * @throws CocaError `bad-text` for one that does not fit and may not be cut
 */
export function mustFit(text: string, tokenizer: Tokenizer, { onCut }: CutTexts): void {
  if (tokenizer.fits(text)) return;
  if (onCut) {
    onCut(text);
    return;
  }
  const shown = text.length > 60 ? `${text.slice(0, 60)}...` : text;
  throw new CocaError(
    'bad-text',
    `"${shown}" has more tokens than the model's context of ${tokenizer.contextLength} holds (two are the start and end)`,
    'Shorten the text.',
  );
}
