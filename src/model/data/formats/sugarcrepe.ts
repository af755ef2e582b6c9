import { resolve } from 'node:path';
import { CocaError } from '../../base/errors.js';
import { isObject, type Json } from '../../base/json.js';
import type { Locator } from '../sample.js';

/** Whether a JSON value is a file of SugarCrepe: items by their numbers, each with a caption and a false one. */
export function isSugarcrepe(json: unknown): json is Json {
  if (!isObject(json)) return false;
  const [first] = Object.values(json);
  return isObject(first) && 'negative_caption' in first;
}

/**
 * The pictures of a SugarCrepe file (Hsieh et al. 2023): `{"0": {"filename", "caption", "negative_caption"}, ...}`, the false caption as a hard
 * negative.
 * @throws CocaError `bad-data` naming the item that is not as it should be
 */
export function listedInSugarcrepe(path: string, json: Json, folder: string): Locator[] {
  return Object.entries(json).map(([key, item]) => {
    const text = (field: string): string => {
      const value = isObject(item) ? item[field] : undefined;
      if (typeof value === 'string') return value;
      throw new CocaError('bad-data', `${path}: item ${JSON.stringify(key)} has no text "${field}"`);
    };
    const description = { captions: [text('caption')], hardNegatives: [text('negative_caption')] };
    return { kind: 'listed', path: resolve(folder, text('filename')), description };
  });
}
