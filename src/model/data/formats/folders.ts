import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CocaError } from '../../base/errors.js';
import { decodeName, encodeName } from '../../base/file-names.js';
import { exists, folderIdentity, isFolder } from '../../base/folders.js';
import type { Locator } from '../sample.js';

/** Endings that torchvision takes for pictures' and those of the formats that are known here; content tells what a file is. */
const PICTURE = /\.(jpe?g|png|webp|gif|avif|tiff?|ppm|bmp|pgm)$/i;

/**
 * The pictures of a folder that has a folder for each class, as torchvision's ImageFolder finds them (ImageNet's layout):
 * in the class's folder and all below it, links followed, hidden files too, sorted by class, folder and name; the label is
 * the name of the class's folder. What ImageFolder refuses or passes over is lost: classes without a picture, pictures
 * beside the classes. So are pictures in a hidden folder, of which it makes a class.
 * @throws CocaError `unreadable` for a folder that cannot be listed
 */
export async function classFolders(path: string): Promise<Locator[]> {
  const samples: Locator[] = [];
  const lost: Locator[] = [];
  for (const { name, isFolder, isBroken } of await entries(path)) {
    const place = join(path, name);
    const lose = (why: string) => lost.push({ kind: 'lost', name: place, why });
    if (!isFolder) {
      if (PICTURE.test(name)) lose('a picture beside the folders of the classes, so of no class');
      else if (isBroken) lose('a link that leads nowhere');
      continue;
    }
    const found = await pictures(place);
    if (name.startsWith('.')) {
      if (found.length > 0) lose(`pictures in a hidden folder, which is no class: ${found.length}`);
    } else if (found.length === 0) lose('the folder of a class without a picture');
    else {
      for (const picture of found) {
        samples.push({ kind: 'listed', path: picture, description: { captions: [], label: name } });
      }
    }
  }
  return [...samples, ...lost];
}

/** The pictures in a folder and in all below it, by folder and name. */
async function pictures(path: string): Promise<string[]> {
  const folders: { readonly path: string; readonly names: readonly string[] }[] = [];
  for await (const folder of foldersIn(path)) folders.push(folder);
  return folders
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .flatMap(({ path, names }) => names.filter((name) => PICTURE.test(name)).map((name) => join(path, name)));
}

/** A folder and those below it, each with the names of its files. A link back to a folder on the way is not followed again. */
async function* foldersIn(
  path: string,
  ancestors: readonly string[] = [],
): AsyncGenerator<{ readonly path: string; readonly names: readonly string[] }> {
  const here = await folderIdentity(path);
  if (here === undefined || ancestors.includes(here)) return;
  const inside = await entries(path);
  yield { path, names: inside.filter(({ isFolder }) => !isFolder).map(({ name }) => name) };
  for (const { name, isFolder } of inside) {
    if (isFolder) yield* foldersIn(join(path, name), [...ancestors, here]);
  }
}

interface Entry {
  /** As `decodeName` has it. */
  readonly name: string;
  /** Links followed. */
  readonly isFolder: boolean;
  readonly isBroken: boolean;
}

async function entries(folder: string): Promise<Entry[]> {
  let listed: Dirent<Buffer>[];
  try {
    listed = await readdir(encodeName(folder), { withFileTypes: true, encoding: 'buffer' });
  } catch (cause) {
    throw new CocaError('unreadable', `${folder} cannot be listed: ${(cause as Error).message}`, undefined, { cause });
  }
  const found: Entry[] = [];
  for (const entry of listed) {
    const name = decodeName(entry.name);
    const isLink = entry.isSymbolicLink();
    found.push({
      name,
      isFolder: entry.isDirectory() || (isLink && (await isFolder(join(folder, name)))),
      isBroken: isLink && !(await exists(join(folder, name))),
    });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}
