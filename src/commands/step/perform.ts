import { CocaError, stopIfAborted } from '../../model/base/errors.js';
import { performVerb, type Stepper } from '../../model/stepper/index.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import { type ScriptWord, scriptError } from './script.js';

/**
 * Does what a script says, word by word.
 * @throws CocaError `usage` naming the word that cannot be done; `interrupted`
 */
export async function performScript(
  stepper: Stepper,
  script: readonly ScriptWord[],
  tokenizer: Tokenizer,
  signal: AbortSignal,
): Promise<void> {
  for (const word of script) {
    stopIfAborted(signal);
    try {
      await performVerb(stepper, word.verb, tokenizer, signal);
    } catch (error) {
      if (error instanceof CocaError && error.code === 'usage') throw scriptError(word, error.message, error.hint);
      throw error;
    }
  }
}
