import { resolve } from 'node:path';
import { CocaError } from '../../base/errors.js';
import { isObject, type Json } from '../../base/json.js';
import type { Locator } from '../sample.js';

/**
 * The pictures of a COCO captions file (`images`: id, file_name; `annotations`: image_id, caption), each with all its
 * captions. As for pycocotools the last of several images with one id has it, and annotations of images that are not there
 * belong to none; what has no place is lost. The file is one JSON value, so its texts are held.
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
  const images = new Map<unknown, { readonly place: number; readonly captions: string[] }>();
  for (const [place, image] of list('images').entries()) {
    if (typeof image?.file_name !== 'string') fail(`image ${place + 1} has no text "file_name"`);
    if (image.id === undefined) fail(`image ${place + 1} has no "id"`);
    images.set(image.id, { place, captions: [] });
  }
  const strays: number[] = [];
  for (const [i, annotation] of list('annotations').entries()) {
    if (typeof annotation?.caption !== 'string') fail(`annotation ${i + 1} has no text "caption"`);
    const captions = images.get(annotation.image_id)?.captions;
    if (captions) captions.push((annotation.caption as string).trim());
    else strays.push(i + 1);
  }
  const locators = list('images').map(({ id, file_name }, i): Locator => {
    const { place, captions } = images.get(id)!;
    const name = resolve(folder, file_name as string);
    if (place !== i) return { kind: 'lost', name, why: `image ${place + 1} of ${path} has the same id, ${id}` };
    if (captions.length === 0) return { kind: 'lost', name, why: `no caption in ${path}` };
    return { kind: 'listed', path: name, description: { captions } };
  });
  if (strays.length > 0) locators.push(lostAnnotations(path, strays));
  return locators;
}

function lostAnnotations(path: string, places: readonly number[]): Locator {
  const which =
    places.length === 1 ? `annotation ${places[0]} is` : `${places.length} annotations (first: ${places[0]}) are`;
  return { kind: 'lost', name: path, why: `${which} of no image in it` };
}
