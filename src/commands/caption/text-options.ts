import { parse } from 'node:path';
import type { OptionSpecs } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import { requirePlaces, writeXmpOption } from '../io/beside/options.js';

/** Options of commands that can leave a text beside each picture. */
export const TEXT_FILE_OPTIONS = {
  writeTxt: { type: 'flag', description: 'captions also into NAME.txt beside each picture, a line each' },
  ...writeXmpOption('the caption'),
  ifExists: {
    type: 'choice',
    choices: ['skip', 'overwrite', 'append'],
    placeholder: 'WHAT',
    otherwise: 'skip',
    description: 'where NAME.txt or a description is there: leave the picture out, replace it, or add lines',
  },
} as const satisfies OptionSpecs;

export type IfExists = (typeof TEXT_FILE_OPTIONS.ifExists.choices)[number];

/**
 * Checks the options above against the others.
 * @param images the words that name pictures
 * @throws CocaError `usage`
 */
export function checkTextFiles(
  options: {
    readonly writeTxt: boolean;
    readonly writeXmp: boolean;
    readonly ifExists: IfExists | undefined;
    readonly resume: boolean;
  },
  images: readonly string[],
): void {
  if (!options.writeTxt && !options.writeXmp) {
    if (options.ifExists === undefined) return;
    throw new CocaError('usage', '--if-exists is about the files of --write-txt and --write-xmp', 'add one of them');
  }
  if (options.writeTxt) for (const image of images) textName(image);
  if (options.writeXmp) requirePlaces(images, '--write-xmp');
  if (options.ifExists !== 'append') return;
  if (options.writeXmp) {
    throw new CocaError(
      'usage',
      'a description has no lines to add to: --write-xmp has no --if-exists append',
      'with --if-exists overwrite it takes the place of one that is there',
    );
  }
  if (options.resume) {
    throw new CocaError(
      'usage',
      'what a killed run has appended cannot be told from what was there: --resume has no --if-exists append',
    );
  }
}

/**
 * The text file of a picture: beside it, `.txt` in place of its extension, as trainers look for captions.
 * @throws CocaError `usage` for what has no place on the disk, or would be replaced by its own text
 */
export function textName(image: string): string {
  requirePlaces([image], '--write-txt');
  const { ext } = parse(image);
  if (ext.toLowerCase() === '.txt') throw new CocaError('usage', `the text of ${image} would take its own place`);
  return `${image.slice(0, image.length - ext.length)}.txt`;
}
