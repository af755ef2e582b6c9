import type { MapChoice } from '../../model/attention/index.js';
import { CocaError } from '../../model/base/errors.js';
import type { Word } from '../../model/tokenizer/words.js';
import { visible } from '../../ui/text.js';

/**
 * What `--layer` takes.
 * @throws CocaError `usage` for anything else; whether the model has such a layer is seen later
 */
export function parseLayer(text: string): MapChoice['layer'] {
  if (text === 'mean' || text === 'last') return text;
  if (/^\d+$/.test(text)) return Number(text);
  throw new CocaError('usage', `--layer takes a number from 0, mean or last, not '${text}'`);
}

/**
 * What `--head` takes.
 * @throws CocaError `usage` for anything else
 */
export function parseHead(text: string): MapChoice['head'] {
  if (text === 'mean') return text;
  if (/^\d+$/.test(text)) return Number(text);
  throw new CocaError('usage', `--head takes a number from 0 or mean, not '${text}'`);
}

/** @throws CocaError `usage` for a layer or head that the model does not have, saying which it has */
export function checkRange({ layer, head }: MapChoice, layers: number, heads: number): void {
  if (typeof layer === 'number' && layer >= layers) {
    throw new CocaError('usage', `--layer must be 0 to ${layers - 1}, mean or last in this model, not ${layer}`);
  }
  if (typeof head === 'number' && head >= heads) {
    throw new CocaError('usage', `--head must be 0 to ${heads - 1} or mean in this model, not ${head}`);
  }
}

/**
 * The word that `--token` (or another option) means: one of the caption's words, whatever its case (the first of several), or its number
 * from 1 as shown.
 * @returns its index among `words`
 * @throws CocaError `usage` with the words that there are
 */
export function findWord(words: readonly Pick<Word, 'text'>[], wanted: string, option = 'token'): number {
  const folded = wanted.trim().toLowerCase();
  const found = words.findIndex(({ text }) => text.toLowerCase() === folded);
  if (found >= 0) return found;
  const number = /^\d+$/.test(folded) ? Number(folded) : 0;
  if (number >= 1 && number <= words.length) return number - 1;
  throw new CocaError(
    'usage',
    `--${option}: '${wanted}' is not in the caption`,
    `its words: ${words.map(({ text }, i) => `${i + 1} ${visible(text)}`).join(', ')}`,
  );
}
