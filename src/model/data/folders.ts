import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { CocaError } from '../base/errors.js';
import type { Locator } from './sample.js';

/** Endings of files that are taken for pictures; what they are is told by their content. */
const PICTURES = new Set(['.jpg', '.jpeg', '.png', '.webp', '.gif', '.avif', '.tif', '.tiff']);

/**
 * The pictures of a folder that has a folder for each class (ImageNet's layout, torchvision's ImageFolder), sorted by
 * class and name; the label is the folder's name. Hidden entries are left out.
 * @throws CocaError `unreadable`
 */
export async function classFolders(path: string): Promise<Locator[]> {
  const locators: Locator[] = [];
  for (const label of await entries(path, true)) {
    for (const name of await entries(join(path, label), false)) {
      if (!PICTURES.has(extname(name).toLowerCase())) continue;
      locators.push({ kind: 'listed', path: join(path, label, name), description: { captions: [], label } });
    }
  }
  return locators;
}

async function entries(path: string, folders: boolean): Promise<string[]> {
  try {
    const found = await readdir(path, { withFileTypes: true });
    return found
      .filter((entry) => !entry.name.startsWith('.') && (folders ? entry.isDirectory() : !entry.isDirectory()))
      .map(({ name }) => name)
      .sort();
  } catch (cause) {
    throw new CocaError('unreadable', `${path} cannot be listed: ${(cause as Error).message}`, undefined, { cause });
  }
}
