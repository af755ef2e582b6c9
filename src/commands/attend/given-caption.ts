import type { Caption } from '../../model/api.js';
import { CocaError } from '../../model/base/errors.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';

/** A caption as ids, from the start token to the end, and as the tokenizer reads them. */
export type CaptionText = Pick<Caption, 'ids' | 'text'>;

/**
 * A caption that was typed.
 * @throws CocaError `bad-text` for one without words, or of more than the model takes
 */
export function captionOf(caption: string, tokenizer: Tokenizer): CaptionText {
  const { special, contextLength } = tokenizer;
  const tokens = tokenizer.encode(caption);
  if (tokens.length === 0) throw new CocaError('bad-text', 'CAPTION has no words');
  if (tokens.length + 2 > contextLength) {
    throw new CocaError(
      'bad-text',
      `CAPTION has ${tokens.length} tokens, and the model's context of ${contextLength} holds ${contextLength - 2} beside the start and end`,
      'shorten it',
    );
  }
  const ids = [special.sot, ...tokens, special.eot];
  return { ids, text: tokenizer.decode(ids) };
}
