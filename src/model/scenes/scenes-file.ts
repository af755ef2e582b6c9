import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Box } from '../attention/faithfulness.js';
import { CocaError } from '../base/errors.js';
import type { Json } from '../base/json.js';
import { lostIn } from '../base/text-decoding.js';
import { readJsonFile } from '../data/formats/json-file.js';

/** The scenes that come with the program. */
export const BUNDLED_SCENES = fileURLToPath(new URL('../../../fixtures/scenes/scenes.json', import.meta.url));

/** A picture composed of known things, as a `scenes.json` describes it. */
export interface Scene {
  /** Path of the picture. */
  readonly image: string;
  readonly caption: string;
  readonly trueCaptions: readonly string[];
  readonly hardNegatives: readonly string[];
  /** What is there: the name that captions use for it (the plural, of several), and where each lies. */
  readonly objects: readonly { readonly name: string; readonly boxes: readonly Box[] }[];
}

/**
 * Reads a `scenes.json`: a list of `{image, caption, true_captions, hard_negatives, groups, boxes}`, with pictures beside it.
 * @throws CocaError `not-found`, `unreadable`, or `bad-data` naming the scene that is not as it should be
 */
export async function readScenes(path: string): Promise<readonly Scene[]> {
  const json = await readJsonFile(path);
  if (!Array.isArray(json)) throw new CocaError('bad-data', `${path} must be a list of scenes`);
  return json.map((item, i) => {
    try {
      return scene(item, dirname(path));
    } catch (cause) {
      throw new CocaError('bad-data', `${path}: scene ${i + 1} ${(cause as Error).message}`, undefined, { cause });
    }
  });
}

function scene(item: Json, folder: string): Scene {
  const boxes = list(item, 'boxes').map((box) => ({
    object: text(box, 'object'),
    box: { x0: number(box, 'x0'), y0: number(box, 'y0'), x1: number(box, 'x1'), y1: number(box, 'y1') },
  }));
  return {
    image: join(folder, text(item, 'image')),
    caption: sound(text(item, 'caption'), 'caption'),
    trueCaptions: texts(item, 'true_captions'),
    hardNegatives: texts(item, 'hard_negatives'),
    objects: list(item, 'groups').map((group) => ({
      name: text(group, number(group, 'count') > 1 ? 'plural' : 'object'),
      boxes: boxes.filter(({ object }) => object === group.object).map(({ box }) => box),
    })),
  };
}

function text(item: Json, key: string): string {
  const value = item?.[key];
  if (typeof value !== 'string') throw new TypeError(`has no text "${key}"`);
  return value;
}

function number(item: Json, key: string): number {
  const value = item?.[key];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new TypeError(`has no number "${key}"`);
  return value;
}

function list(item: Json, key: string): readonly Json[] {
  const value = item?.[key];
  if (!Array.isArray(value)) throw new TypeError(`has no list "${key}"`);
  return value;
}

function sound(value: string, key: string): string {
  const lost = lostIn(value);
  if (lost !== undefined) throw new TypeError(`has ${lost} in "${key}"`);
  return value;
}

function texts(item: Json, key: string): readonly string[] {
  const value: readonly unknown[] = list(item, key);
  if (!value.every((entry) => typeof entry === 'string'))
    throw new TypeError(`has other things than texts in "${key}"`);
  return (value as readonly string[]).map((entry) => sound(entry, key));
}
