import { type Stats, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { Readable } from 'node:stream';
import type { InputKind } from '../../cli/answers.js';
import type { ArgumentSpec, OptionSpecs } from '../../cli/command.js';
import { type CollectOptions, collect } from '../../model/base/collect.js';
import { CocaError, stopIfAborted } from '../../model/base/errors.js';
import { encodeName, isArchiveName, PICTURE_NAME } from '../../model/base/file-names.js';
import { isFolder } from '../../model/base/folders.js';
import { filesOf, isPattern } from '../../model/base/glob.js';
import { fileError } from '../../model/base/regular-file.js';
import { requireImage, SNIFFED_BYTES } from '../../model/image/sniff.js';
import { isUrl, publicName } from '../../model/net/address.js';
import { MAX_INPUT_BYTES, readRegularFile, tooLarge } from './files.js';
import { readList } from './lists.js';

/** Options of every command that takes pictures. */
export const INPUT_OPTIONS = {
  files: {
    type: 'list',
    kind: 'file',
    access: 'list',
    placeholder: 'FILE',
    description: 'also the images named in FILE, one a line; - is stdin',
  },
  files0: {
    type: 'list',
    kind: 'file',
    access: 'list',
    placeholder: 'FILE',
    description: 'the same with NUL after each name (find -print0)',
  },
  recursive: { type: 'flag', description: 'of a folder also the images in the folders below it' },
  column: {
    type: 'text',
    placeholder: 'NAME',
    otherwise: 'by name and type',
    description: 'of a Parquet file: the column of the images, or of their paths',
  },
} as const satisfies OptionSpecs;

/**
 * The argument of every command that takes any number of pictures.
 * @param unless options in whose presence there may be none
 */
export function imagesArgument(unless: readonly string[]) {
  return {
    name: 'IMAGE',
    description: 'path, URL, glob, folder (its images), .tar or .parquet file, or - for bytes on stdin',
    kind: 'image',
    unless,
    required: false,
    variadic: true,
  } as const satisfies ArgumentSpec;
}

/** What the user named: words of the command line, and lists. */
export interface ImageSources {
  readonly images: readonly string[];
  readonly files: readonly string[];
  readonly files0: readonly string[];
  /** Whether folders stand for what is in the folders below them, too. */
  readonly recursive?: boolean;
  /** The column of Parquet files that has the pictures or their paths. */
  readonly column?: string | undefined;
  /** How many frames clips have: then a folder is one clip. */
  readonly frames?: number | undefined;
}

/** The sources of a command whose words are pictures. */
export function sourcesOf(
  images: readonly string[],
  { files, files0, recursive = false, column, frames }: Omit<ImageSources, 'images'>,
): ImageSources {
  return { images, files, files0, recursive, column, frames };
}

/** One named picture: its bytes, or why there are none. */
export type ImageInput =
  | { readonly name: string; readonly bytes: Buffer }
  | { readonly name: string; readonly error: CocaError };

/**
 * Whether exactly one picture was named, by a word that can stand for no more: only then can plain output leave the
 * name out.
 */
export function namesOnePicture(sources: ImageSources): boolean {
  const [only] = sources.images;
  if (sources.images.length !== 1 || sources.files.length + sources.files0.length > 0) return false;
  return standsForItself(only!, sources.frames !== undefined);
}

/** Whether a word is one picture's name: what exists and is no folder is, whatever brackets and braces it has. */
function standsForItself(word: string, isFolderOne: boolean): boolean {
  if (word === '-' || isUrl(word)) return true;
  const found = statNow(word);
  if (!found) return !isPattern(word);
  return found.isDirectory() ? isFolderOne : !isArchiveName(word);
}

/** What is at a path; nothing where there is none, or a file in place of a folder on the way there. */
function statNow(path: string): Stats | undefined {
  try {
    return statSync(encodeName(path), { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Whether a picture or a list comes by stdin. */
export function readsStdin({ images, files, files0 }: ImageSources): boolean {
  return [...images, ...files, ...files0].includes('-');
}

/**
 * Checks what can be checked before anything is read.
 * @throws CocaError `usage` when there is nothing to read, or stdin is wanted twice or is a terminal.
 */
export function checkSources(sources: ImageSources, stdin: { readonly isTTY?: boolean }, alsoStdin = 0): void {
  const { images, files, files0 } = sources;
  if (sources.frames !== undefined && sources.recursive) {
    throw new CocaError('usage', 'with --frames a folder is one clip, and --recursive means nothing');
  }
  if (images.length + files.length + files0.length === 0) {
    throw new CocaError('usage', 'IMAGE is missing', 'name a picture, or a list of them with --files');
  }
  const readers = [...images, ...files, ...files0].filter((word) => word === '-').length + alsoStdin;
  if (readers > 1) throw new CocaError('usage', 'stdin (-) can be read only once');
  if (images.includes('-') && stdin.isTTY) {
    throw new CocaError(
      'usage',
      '- reads a picture from stdin, which is a terminal',
      'pipe one in: coca ... - < picture.png',
    );
  }
}

/** Names of pictures as they are walked, and how many there are, as soon as that is known. */
export interface ImageWalk {
  readonly names: AsyncGenerator<string>;
  readonly count: () => number | undefined;
}

/** How many names the walk may be ahead of the work: memory holds no more of them. */
const NAMES_AHEAD = 100_000;

/** Walks through lists and directories once, ahead of the work, so that its length is known early. */
export function walkImages(sources: ImageSources, stdin: Readable): ImageWalk {
  let count: number | undefined;
  async function* walk(): AsyncGenerator<string | { readonly failed: unknown }> {
    let walked = 0;
    try {
      for await (const name of imageNames(sources, stdin)) {
        walked++;
        yield name;
      }
      count = walked;
    } catch (failed) {
      // Its turn comes after the names before it; the stream would forget them.
      yield { failed };
    }
  }
  async function* names(): AsyncGenerator<string> {
    for await (const next of Readable.from(walk(), { highWaterMark: NAMES_AHEAD })) {
      if (typeof next !== 'string') throw next.failed;
      yield next;
    }
  }
  return { names: names(), count: () => count };
}

/** An input by the name that opens it. */
export interface NamedInput {
  readonly name: string;
  /** What it is called in the folder, pattern or list that was given: the same wherever that lies. */
  readonly key: string;
  /** Whether it is a file that holds pictures. */
  readonly isArchive?: boolean;
}

/** The names of all pictures, in the order in which they were given; globs and folders expand to sorted names. */
export async function* imageNames(sources: ImageSources, stdin: Readable): AsyncGenerator<string> {
  for await (const input of namedInputs(sources, stdin)) {
    if (!input.isArchive) yield input.name;
    else for await (const { name } of archivedInputs(input, sources)) yield name;
  }
}

/** All inputs, in the order of `imageNames`, archives as one each. */
export async function* namedInputs(sources: ImageSources, stdin: Readable): AsyncGenerator<NamedInput> {
  async function* all(): AsyncGenerator<NamedInput> {
    for (const word of sources.images) yield* expandWord(word, sources);
    for (const list of sources.files) yield* listNames(list, 'line', stdin);
    for (const list of sources.files0) yield* listNames(list, 'nul', stdin);
  }
  for await (const input of all()) {
    const isArchive = isArchiveName(input.name) && (await (await archives()).isArchive(input.name));
    yield isArchive ? { ...input, isArchive } : input;
  }
}

/** The pictures of an archive. One that cannot be read, or not to its end, is given itself, too: reading it says so. */
export async function* archivedInputs(
  { name: archive, key }: NamedInput,
  { column }: Pick<ImageSources, 'column'>,
): AsyncGenerator<NamedInput> {
  let isWhole = false;
  try {
    const opened = await (await archives()).openArchive(archive);
    for await (const found of opened.names(column)) {
      isWhole = opened.problem === undefined;
      if ('member' in found) yield { name: `${archive}/${found.member}`, key: `${key}/${found.member}` };
      else yield { name: besideArchive(archive, found.path), key: plainKey(publicName(found.path)) };
    }
  } catch (error) {
    if (!(error instanceof CocaError)) throw error;
    isWhole = false;
  }
  if (!isWhole) yield { name: archive, key };
}

const besideArchive = (archive: string, path: string): string =>
  isUrl(path) ? publicName(path) : isAbsolute(path) ? path : join(dirname(archive), path);

/** In a list `-` can only be a file's name: stdin has one reader at most, and here that may be the list. */
async function* listNames(list: string, separator: 'line' | 'nul', stdin: Readable): AsyncGenerator<NamedInput> {
  for await (const entry of readList(list, separator, stdin)) {
    const name = entry === '-' ? './-' : publicName(entry);
    yield { name, key: plainKey(name) };
  }
}

/** `./a.png` is `a.png`. */
const plainKey = (name: string): string => name.replace(/^(\.\/+)+(?=[^/])/, '');

async function* expandWord(word: string, { recursive = false, frames }: ImageSources): AsyncGenerator<NamedInput> {
  if (word === '-' || isUrl(word)) {
    const name = publicName(word);
    yield { name, key: name };
    return;
  }
  if (await isFolder(word)) {
    const folder = word.replace(/(?<=.)\/+$/, '');
    if (frames === undefined) yield* picturesIn(word, recursive);
    else yield { name: folder, key: plainKey(folder) };
    return;
  }
  // Nothing found: the pattern itself goes on, and fails as the file that is not there.
  for await (const { word: pattern, base, files } of filesOf(word)) {
    for (const name of files.length > 0 ? files : [pattern]) {
      yield { name, key: name === base ? plainKey(name) : name.slice(base.length) };
    }
  }
}

/** What is called like a picture in a folder. One that has none is given itself: reading it says so. */
export async function* picturesIn(folder: string, recursive: boolean): AsyncGenerator<NamedInput> {
  let isEmpty = true;
  const base = `${folder.replace(/\/+$/, '')}/`;
  for await (const name of pictureNames(folder, recursive)) {
    isEmpty = false;
    yield { name, key: name.slice(base.length) };
  }
  if (isEmpty) yield { name: folder, key: plainKey(folder) };
}

/** The names in a folder that are like a picture's, sorted. */
export async function* pictureNames(folder: string, recursive: boolean): AsyncGenerator<string> {
  for await (const { files } of filesOf(`${folder.replace(/\/+$/, '')}/${recursive ? '**' : '*'}`)) {
    yield* files.filter((name) => PICTURE_NAME.test(name));
  }
}

/**
 * Reads one named picture; a failure is a value, so that one bad picture among many stops nothing.
 * @throws CocaError `interrupted` once `signal` is aborted.
 */
export async function readImage(
  name: string,
  options: { readonly stdin: Readable; readonly signal: AbortSignal },
): Promise<ImageInput> {
  try {
    if (name === '-') return { name, bytes: await readStdin(options.stdin) };
    if (isUrl(name)) return { name, bytes: await fetchPicture(name, options.signal) };
    const archived = /\.(tar|parquet)(\/|$)/i.test(name) ? await (await archives()).readArchived(name) : undefined;
    return { name, bytes: archived ?? (await readRegularFile(name, MAX_INPUT_BYTES, requireImage)) };
  } catch (error) {
    stopIfAborted(options.signal);
    return { name, error: await explained(name, fileError(name, error)) };
  }
}

/** What reads archives is loaded where there are some. */
const archives = () => import('../../model/data/archives/archive.js');

async function explained(name: string, error: CocaError): Promise<CocaError> {
  if (error.code === 'unreadable' && !isUrl(name) && (await isFolder(name))) {
    return noPictures(name, error);
  }
  if (error.code === 'not-found' && name.startsWith('pipe:')) {
    return new CocaError('usage', `${name} is a command, and none is run`, 'name the file itself', { cause: error });
  }
  if (error.code !== 'not-found' || isUrl(name) || !isPattern(name)) return error;
  return new CocaError('not-found', `no file matches ${name}`, error.hint, { cause: error });
}

/** The error for a folder in which nothing is called like a picture. */
export function noPictures(folder: string, cause?: CocaError): CocaError {
  const hint = 'in a folder, pictures are told by the ends of their names: .jpg, .png, .webp, ...';
  return new CocaError('not-found', `there are no pictures in ${folder}`, hint, { cause });
}

async function fetchPicture(name: string, signal: AbortSignal): Promise<Buffer> {
  const { fetchBytes } = await import('../../model/net/fetch-bytes.js');
  return fetchBytes(name, { ...asPicture(name), signal });
}

async function readStdin(stdin: Readable): Promise<Buffer> {
  return collect(stdin as AsyncIterable<Buffer>, asPicture('the picture on stdin'));
}

/** How a picture is taken from a stream: not whole before it has begun like one. */
function asPicture(name: string): CollectOptions {
  return {
    limit: MAX_INPUT_BYTES,
    tooLarge: () => tooLarge(name, MAX_INPUT_BYTES),
    look: { bytes: SNIFFED_BYTES, check: requireImage },
  };
}

/** An error about one input as the object that `--json` and `--jsonl` give in its place. */
export function errorObject(name: string, error: CocaError, key: InputKind = 'image'): object {
  return { [key]: name, error: { code: error.code, message: error.message } };
}

/** Longer names (a text that does not fit can be a megabyte) are shown by their beginning in error lines. */
const LONGEST_NAME = 120;

/** The same for a person, in one line. */
export function errorLine(name: string, error: CocaError): string {
  const spoken = name === '-' ? 'stdin' : shorten(name);
  const text = error.message.includes(spoken) ? error.message : `${spoken}: ${error.message}`;
  return error.hint ? `${text} (${error.hint})` : text;
}

function shorten(name: string): string {
  const characters = Array.from(name.slice(0, 2 * LONGEST_NAME));
  return characters.length <= LONGEST_NAME ? name : `${characters.slice(0, LONGEST_NAME).join('')}...`;
}
