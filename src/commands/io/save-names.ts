import { lstat } from 'node:fs/promises';
import { parse } from 'node:path';
import { isUrl } from '../../model/net/address.js';

/** Characters of a part of a file name. */
const LONGEST_NAME = 40;

/** What is saved of a picture is called after it. */
export function savedName(image: string): string {
  const path = isUrl(image) ? new URL(image).pathname : image;
  return safeName(parse(path).name);
}

/** A name in the working directory that nothing has yet: `base.json`, `base-2.json` and so on, with `.json` for `ending`. */
export async function freeName(base: string, ending = ''): Promise<string> {
  for (let count = 1; ; count++) {
    const name = `${base}${count === 1 ? '' : `-${count}`}${ending}`;
    const isTaken = await lstat(name).then(
      () => true,
      () => false,
    );
    if (!isTaken) return name;
  }
}

/** A word as a part of a file name on any system: letters and digits stay, everything else is a dash. */
export function safeName(word: string): string {
  const name = word
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '');
  return [...name].slice(0, LONGEST_NAME).join('') || 'word';
}
