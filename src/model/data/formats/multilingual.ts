import { basename, resolve } from 'node:path';
import { CocaError } from '../../base/errors.js';
import { isObject, type Json } from '../../base/json.js';
import type { Locator } from '../sample.js';

/** A file of CLIP_benchmark's multilingual sets (multilingual_mscoco, XTD200, Flickr30k-200, Crossmodal-3600). */
export interface LanguageFile {
  readonly path: string;
  readonly json: unknown;
}

/** Whether a JSON value is one: the paths of pictures, and beside them a caption for each. */
export const isLanguageFile = (json: unknown): json is Json =>
  isObject(json) && Array.isArray(json.image_paths) && 'annotations' in json;

/** `multilingual_mscoco_captions-de.json`, `xtd200-deu_Latn.json`: a code of ISO 639, perhaps with its script. */
const LANGUAGE = /[-_](?<code>[a-z]{2,3}(?:[-_][A-Z][a-z]{3}|[-_][A-Z]{2})?)\.json$/;

/**
 * The pictures of files of one language each, every picture once, with all its captions and their languages. A caption may be a list of several.
 * @throws CocaError `bad-data` naming the file that is not as it should be, or whose name has no language
 */
export function listedByLanguage(files: readonly LanguageFile[], folderOf: (path: string) => string): Locator[] {
  const pictures = new Map<string, { readonly captions: string[]; readonly languages: string[] }>();
  for (const { path, json } of files) {
    const language = LANGUAGE.exec(basename(path))?.groups?.code;
    if (language === undefined) {
      throw new CocaError('bad-data', `${path}: its name tells no language`, 'call it NAME-de.json, NAME-jp.json');
    }
    const fail = (what: string) => new CocaError('bad-data', `${path}: ${what}`, 'as CLIP_benchmark writes it');
    if (!isLanguageFile(json)) throw fail('has no lists "image_paths" and "annotations"');
    const { image_paths: images, annotations } = json as {
      readonly image_paths: unknown[];
      readonly annotations: unknown;
    };
    if (!Array.isArray(annotations) || annotations.length !== images.length) {
      throw fail(`has ${images.length} "image_paths", and not as many "annotations"`);
    }
    for (const [i, image] of images.entries()) {
      const captions: readonly unknown[] = [annotations[i]].flat();
      if (typeof image !== 'string') throw fail(`image_paths[${i}] is no text`);
      if (!captions.every((caption) => typeof caption === 'string')) throw fail(`annotations[${i}] is no text`);
      const name = resolve(folderOf(path), image);
      const known = pictures.get(name) ?? { captions: [], languages: [] };
      known.captions.push(...(captions as string[]));
      known.languages.push(...captions.map(() => language));
      pictures.set(name, known);
    }
  }
  return [...pictures].map(([path, description]): Locator => ({ kind: 'listed', path, description }));
}
