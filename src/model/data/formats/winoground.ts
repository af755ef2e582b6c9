import { extname, resolve } from 'node:path';
import { CocaError } from '../../base/errors.js';
import { isObject } from '../../base/json.js';
import type { Description, Locator } from '../sample.js';

/** Kinds of examples, by the field that tells the coarsest. */
const KINDS = ['collapsed_tag', 'tag'];

/**
 * The pictures of a file of Winoground's (Thrush et al. 2022), a JSON object a line: `caption_0`, `caption_1`, `image_0`, `image_1`, perhaps
 * `collapsed_tag`. Each picture has both captions, and says which of them is its own. An image's name without an ending is that of a .png, as Winoground's are.
 * @param lines of the file, each parsed
 * @throws CocaError `bad-data` naming the line that is not as it should be
 */
export function listedInWinoground(path: string, lines: readonly unknown[], folder: string): Locator[] {
  return lines.flatMap((line, example) => {
    const text = (field: string): string => {
      const value = isObject(line) ? line[field] : undefined;
      if (typeof value === 'string' && value.trim() !== '') return value;
      throw new CocaError(
        'bad-data',
        `${path}, line ${example + 1}: no text "${field}"`,
        'a pair is {"caption_0", "caption_1", "image_0", "image_1"}',
      );
    };
    const captions = [text('caption_0'), text('caption_1')];
    const kind = KINDS.map((field) => (isObject(line) ? line[field] : undefined)).find(
      (one) => typeof one === 'string',
    );
    return ([0, 1] as const).map((side): Locator => {
      const name = text(`image_${side}`);
      const pair = { example, side, ...(typeof kind === 'string' && kind !== '' && { kind }) };
      const description: Description = { captions, pair };
      return { kind: 'listed', path: resolve(folder, extname(name) === '' ? `${name}.png` : name), description };
    });
  });
}
