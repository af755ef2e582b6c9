import { resolve } from 'node:path';
import { CocaError } from '../base/errors.js';
import { isObject } from '../base/json.js';
import { describe } from '../data/formats/description.js';
import type { Locator } from '../data/sample.js';

/**
 * The pictures of a `scenes.json`, a list of objects that have `image` and what `describe` reads.
 * @throws CocaError `bad-data` naming the scene that is not as it should be
 */
export function listedScenes(path: string, list: readonly unknown[], folder: string): Locator[] {
  return list.map((item, i) => {
    try {
      if (!isObject(item) || typeof item.image !== 'string') throw new TypeError('no text "image"');
      return { kind: 'listed', path: resolve(folder, item.image), description: describe(item, 'caption') };
    } catch (cause) {
      throw new CocaError('bad-data', `${path}: item ${i + 1}: ${(cause as Error).message}`, undefined, { cause });
    }
  });
}
