import { hasLayers, type MapChoice, OCCLUSION_WINDOW } from '../../model/attention/maps.js';
import { CocaError } from '../../model/base/errors.js';
import { gridSize, type ModelConfig } from '../../model/config/config.js';
import { findWord as indexOfWord, type Word } from '../../model/tokenizer/words.js';
import { visible } from '../../ui/text.js';

/** Of `--method occlusion`, wherever that can be asked for. */
export const WINDOW_OPTION = {
  window: {
    type: 'integer',
    min: 1,
    description: 'occlusion: side of what is blanked at a time, in patches',
    otherwise: String(OCCLUSION_WINDOW),
  },
} as const;

/** What JSON says of a choice. */
export function choiceFields(choice: MapChoice): object {
  return hasLayers(choice) ? choice : { ...choice, layer: null, head: null };
}

/** @throws CocaError `usage` for what means nothing for the method that is chosen */
export function refuseUseless(choice: MapChoice, typed: ReadonlySet<string>): void {
  const useless = hasLayers(choice) ? ['window'] : ['layer', 'head'];
  const found = useless.find((name) => typed.has(name));
  if (found === undefined) return;
  const why = hasLayers(choice)
    ? `--window means nothing without --method occlusion`
    : `--${found} means nothing with --method occlusion: it asks the model from outside`;
  throw new CocaError('usage', why);
}

/** @throws CocaError `usage` for a window that is larger than what the model sees */
export function checkWindow(window: number | undefined, config: ModelConfig): void {
  const grid = gridSize(config);
  if (window !== undefined && window > grid) {
    throw new CocaError('usage', `--window must be 1 to ${grid} for this model, not ${window}`);
  }
}

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
 * The word that an option means: one of the caption's words, whatever its case (the first of several), or its number
 * from 1 as shown.
 * @param option as it is typed, for the error
 * @returns its index among `words`
 * @throws CocaError `usage` with the words that there are
 */
export function findWord(words: readonly Pick<Word, 'text'>[], wanted: string, option = '--token'): number {
  const found = indexOfWord(words, wanted);
  if (found !== undefined) return found;
  throw new CocaError(
    'usage',
    `${option}: '${wanted}' is not in the caption`,
    `its words: ${words.map(({ text }, i) => `${i + 1} ${visible(text)}`).join(', ')}`,
  );
}
