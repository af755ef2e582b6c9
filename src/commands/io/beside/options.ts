import type { OptionSpecs } from '../../../cli/command.js';
import { CocaError } from '../../../model/base/errors.js';
import { isUrl, publicName } from '../../../model/net/address.js';

/**
 * Option of commands that can say in a sidecar what they found.
 * @param what they say, as its description has it
 */
export const writeXmpOption = (what: string) =>
  ({
    writeXmp: { type: 'flag', description: `${what} also into an XMP sidecar beside each picture` },
  }) as const satisfies OptionSpecs;

/**
 * Checks that words can have files beside them.
 * @param images the words that name pictures
 * @param option that writes such a file, with its dashes
 * @throws CocaError `usage` for what has no place on the disk
 */
export function requirePlaces(images: readonly string[], option: string): void {
  for (const image of images) {
    if (image !== '-' && !isUrl(image)) continue;
    const what = image === '-' ? 'a picture on stdin (-)' : publicName(image);
    throw new CocaError('usage', `${what} has no folder for the file of ${option}`, 'save the picture first');
  }
}
