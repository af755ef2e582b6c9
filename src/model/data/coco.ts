import { resolve } from 'node:path';
import { CocaError } from '../base/errors.js';
import { isObject, type Json } from './description.js';
import type { Locator } from './sample.js';

/**
 * The pictures of a COCO captions file (`images`: id, file_name; `annotations`: image_id, caption), each with all its
 * captions. Pictures without a caption are no samples. The file is one JSON value, so its texts are held.
 * @throws CocaError `bad-data` naming what is not as it should be
 */
export function listedInCoco(path: string, json: unknown, folder: string): Locator[] {
  const fail = (what: string): never => {
    throw new CocaError(
      'bad-data',
      `${path}: ${what}`,
      'a COCO captions file has "images" and "annotations" with captions',
    );
  };
  const list = (name: string): readonly Json[] => {
    const value = isObject(json) ? json[name] : undefined;
    return Array.isArray(value) ? value : fail(`no list "${name}"`);
  };
  const captions = new Map<unknown, string[]>();
  for (const [i, image] of list('images').entries()) {
    if (typeof image?.file_name !== 'string') fail(`image ${i + 1} has no text "file_name"`);
    captions.set(image.id, []);
  }
  for (const [i, annotation] of list('annotations').entries()) {
    if (typeof annotation?.caption !== 'string') fail(`annotation ${i + 1} has no text "caption"`);
    const ofImage = captions.get(annotation.image_id) ?? fail(`annotation ${i + 1} is of no image in it`);
    ofImage.push((annotation.caption as string).trim());
  }
  return list('images')
    .map(({ id, file_name }): Locator => {
      const description = { captions: captions.get(id)! };
      return { kind: 'listed', path: resolve(folder, file_name as string), description };
    })
    .filter((locator) => locator.kind === 'listed' && locator.description.captions.length > 0);
}
