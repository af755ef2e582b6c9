import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeName, encodeName, PICTURE_NAME } from '../../../model/base/file-names.js';
import { expandHome } from './arguments.js';
import type { SplitLine } from './words.js';

/** Which paths are wanted; folders lead to all of them. */
export type PathKind = 'image' | 'folder' | 'any';

/** One way to go on with a word. */
export interface Candidate {
  /** What takes the place of the word, quoted where it must be. */
  readonly text: string;
  /** As a list shows it. */
  readonly label: string;
  /** What it is, where that is worth saying. */
  readonly about: string;
  /** Whether the word is whole: a space follows. */
  readonly isWhole: boolean;
}

const order = new Intl.Collator('en', { numeric: true });

/**
 * Paths that begin with what was typed.
 * @param typed without quotes and escapes
 * @param open the quote that the word is in, which then stays
 * @param prefix what stands before the path in the same word
 */
export async function completePath(
  typed: string,
  kind: PathKind,
  open: SplitLine['open'],
  prefix: string,
): Promise<Candidate[]> {
  const cut = typed.lastIndexOf('/') + 1;
  const folder = typed.slice(0, cut);
  const base = typed.slice(cut);
  const path = folder === '' ? '.' : expandHome(folder);
  const entries = await readdir(encodeName(path), { withFileTypes: true, encoding: 'buffer' }).catch(() => []);
  const names = entries
    .map((entry) => ({ name: decodeName(entry.name as unknown as Buffer), entry }))
    .filter(({ name }) => name.startsWith(base) && (base.startsWith('.') || !name.startsWith('.')));
  const kinds = await Promise.all(
    names.map(async ({ name, entry }) => {
      const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && (await isDirectory(join(path, name))));
      return { name, isFolder };
    }),
  );
  return kinds
    .filter(({ name, isFolder }) => isFolder || kind === 'any' || (kind === 'image' && PICTURE_NAME.test(name)))
    .sort((a, b) => order.compare(a.name, b.name))
    .map(({ name, isFolder }) => ({
      text: quoted(`${prefix}${folder}${name}${isFolder ? '/' : ''}`, open, !isFolder),
      label: isFolder ? `${name}/` : name,
      about: '',
      isWhole: !isFolder,
    }));
}

function isDirectory(path: string): Promise<boolean> {
  return stat(encodeName(path)).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** In the quote that is open, which a whole word closes; else with a backslash before what would mean something. */
function quoted(text: string, open: SplitLine['open'], isWhole: boolean): string {
  if (open === undefined) return text.replace(/[\s'"\\|*?[\]{}()$&;<>`!#]/g, '\\$&');
  const inside = open === '"' ? text.replace(/["\\$`]/g, '\\$&') : text.replaceAll("'", "'\\''");
  return `${open}${inside}${isWhole ? open : ''}`;
}
