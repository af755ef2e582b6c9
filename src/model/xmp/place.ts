import { readdir } from 'node:fs/promises';
import { basename, dirname, parse } from 'node:path';
import { decodeName, encodeName, PICTURE_NAME } from '../base/file-names.js';
import { hasEntry } from '../base/folders.js';

/** What cameras write and programs read beside what this program reads: it may be what a sidecar is about. */
const OTHER_NAME =
  /\.(3fr|arw|cr2|cr3|crw|dcr|dng|erf|fff|heic|heif|iiq|jp2|jxl|kdc|mef|mos|mov|mp4|mrw|nef|nrw|orf|pef|psd|raf|raw|rw2|rwl|sr2|srf|srw|x3f)$/i;

/**
 * The sidecar of a picture. Of `a.jpg` that is `a.jpg.xmp`, as darktable and digiKam write it: Adobe's `a.xmp` is that of a raw file
 * `a.cr2` beside it. It is taken nevertheless where it is there and no other picture of that name is.
 */
export async function sidecarOf(image: string): Promise<string> {
  const own = `${image}.xmp`;
  if (await hasEntry(own)) return own;
  const shared = `${image.slice(0, image.length - parse(image).ext.length)}.xmp`;
  return shared !== own && (await hasEntry(shared)) && !(await hasNamesake(image)) ? shared : own;
}

/** Whether another picture beside a picture differs from it in its extension alone. */
async function hasNamesake(image: string): Promise<boolean> {
  const { name, base } = parse(image);
  const entries = await readdir(encodeName(dirname(image)), { encoding: 'buffer' });
  return entries.map(decodeName).some((entry) => {
    const isPicture = PICTURE_NAME.test(entry) || OTHER_NAME.test(entry);
    return isPicture && entry !== base && parse(basename(entry)).name === name;
  });
}
