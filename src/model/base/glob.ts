import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { CocaError } from './errors.js';
import { decodeName, encodeName } from './file-names.js';
import { folderIdentity, hasEntry, isFolder } from './folders.js';
import { loadOwn } from './packages.js';

/** As many as the shards of the largest sets there are, and more: `{1..1000000000}` must not fill memory. */
const MAX_WORDS = 1_000_000;
const MAX_CHARACTERS = 2 ** 27;

// Most words are names: what reads patterns is loaded for the first that may be one.
const wildcards = () => loadOwn<typeof import('picomatch')>('picomatch');
const braces = () => loadOwn<typeof import('brace-expansion')>('brace-expansion');

/** Without one of these a word has no wildcard. */
const SPECIAL = /[*?[\]{}()!+@|]/;

/** Whether a word that names no file stands for the names that it matches: it has wildcards, or braces with alternatives. */
export function isPattern(word: string): boolean {
  return hasWildcard(word) || (word.includes('{') && braces().expand(word, { max: 2 }).length > 1);
}

/** What one alternative of a word's braces stands for. */
export interface Matched {
  readonly word: string;
  /** The longest beginning of the word, by whole names, that exists: where the names that match are looked for. */
  readonly base: string;
  /** Empty where a wildcard matches nothing. Without a wildcard the word itself, whether or not it exists. */
  readonly files: readonly string[];
}

/**
 * The files that a word stands for. One that exists is itself, whatever brackets and braces it has, and so is each folder in it.
 * Else braces (`{000..127}`, `{train,extra}`) are written out in their order, and each wildcard matches what is there, in the
 * order of the paths' code units: `*`, `?`, `[a-z]` within a name, `**` any number of folders. As in a shell, names that
 * begin with a dot are matched by patterns that do. Unlike there, `**` goes through links. A link that leads back to a folder
 * on the way is not followed again. Folders are left out; links that lead nowhere and folders that cannot be listed are
 * given: opening one says what is wrong with it. Names are as `decodeName` has them.
 * @throws CocaError `usage` for braces that stand for a million names or more
 */
export async function* filesOf(word: string): AsyncGenerator<Matched> {
  const [base, rest] = await existingPart(word);
  if (rest === '') {
    yield { word, base, files: [base] };
    return;
  }
  const patterns = writtenOut(rest, word);
  for (const pattern of patterns) {
    const files: string[] = [];
    if (!hasWildcard(pattern)) files.push(base + pattern);
    else for await (const name of walk(base, segmentsOf(pattern), new Walk())) files.push(name);
    yield { word: base + pattern, base, files: files.sort() };
  }
}

/** @throws CocaError `usage` where there would be more: the library leaves those out */
function writtenOut(pattern: string, word: string): string[] {
  const patterns = braces().expand(pattern, { max: MAX_WORDS, maxLength: MAX_CHARACTERS });
  let characters = 0;
  for (const { length } of patterns) characters += length;
  if (patterns.length < MAX_WORDS && characters < MAX_CHARACTERS / 2) return patterns;
  throw new CocaError('usage', `the braces of ${word} stand for a million names or more`);
}

/** Parentheses are parts of names here, `photo (1).jpg`, and not of patterns. */
const MATCHING = { nobrace: true, noextglob: true, nonegate: true, posix: true, regex: false };

function hasWildcard(word: string): boolean {
  return SPECIAL.test(word) && wildcards().scan(word, { nonegate: true, noparen: true }).isGlob;
}

/** The longest beginning of a word, by whole names, that exists; and what follows it. */
async function existingPart(word: string): Promise<[base: string, rest: string]> {
  if (await hasEntry(word)) return [word, ''];
  for (let end = word.lastIndexOf('/'); end >= 0; end = word.lastIndexOf('/', end - 1)) {
    const base = word.slice(0, end + 1);
    if (await hasEntry(base)) return [base, word.slice(end + 1)];
    if (end === 0) break;
  }
  return ['', word];
}

function segmentsOf(pattern: string): string[] {
  const segments = pattern.split('/').filter((segment, i, all) => segment !== '' || i === all.length - 1);
  return segments.filter((segment, i) => segment !== '**' || segments[i - 1] !== '**');
}

/** What one walk has been through: with two `**` there are several ways to a folder. */
class Walk {
  readonly #seen = new Set<string>();

  isNew(folder: string, at: number): boolean {
    const key = `${at}/${folder}`;
    if (this.#seen.has(key)) return false;
    this.#seen.add(key);
    return true;
  }
}

/**
 * @param folder what comes before the names in it: empty, or with a slash at its end
 * @param ancestors what tells the folders on the way here apart
 */
async function* walk(
  folder: string,
  segments: readonly string[],
  walked: Walk,
  ancestors: readonly string[] = [],
): AsyncGenerator<string> {
  const [segment, ...rest] = segments as [string, ...string[]];
  if (!walked.isNew(folder, segments.length)) return;
  if (segment !== '**' && (!hasWildcard(segment) || (await hasEntry(folder + segment)))) {
    if (rest.length === 0) {
      if (await hasEntry(folder + segment)) yield folder + segment;
    } else yield* walk(`${folder}${segment}/`, rest, walked, ancestors);
    return;
  }
  const here = await folderIdentity(folder || '.');
  if (here === undefined || ancestors.includes(here)) return;
  const way = [...ancestors, here];
  let entries: Dirent<Buffer>[];
  try {
    entries = await readdir(encodeName(folder || '.'), { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) yield folder;
    return;
  }
  const isDeep = segment === '**';
  const matches = wildcards()((isDeep ? '*' : segment).replace(/[()|]/g, '\\$&'), MATCHING);
  const found = entries
    .map((entry) => ({ entry, name: decodeName(entry.name) }))
    .filter(({ name }) => (segment.startsWith('.') || !name.startsWith('.')) && matches(name));
  // Zero folders: what follows `**` may be right here.
  if (isDeep && rest.length > 0) yield* walk(folder, rest, walked, ancestors);
  for (const { entry, name } of found) {
    const path = folder + name;
    const leadsOn = entry.isDirectory() || (entry.isSymbolicLink() && (await isFolder(path)));
    if (leadsOn && isDeep) yield* walk(`${path}/`, segments, walked, way);
    else if (leadsOn && rest.length > 0) yield* walk(`${path}/`, rest, walked, way);
    else if (!leadsOn && rest.length === 0) yield path;
  }
}
