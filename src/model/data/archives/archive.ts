import { stat } from 'node:fs/promises';
import { CocaError } from '../../base/errors.js';
import { encodeName, isArchiveName } from '../../base/file-names.js';
import { Lru } from '../../base/lru.js';
import { fileError } from '../../base/regular-file.js';
import { requireImage, SNIFFED_BYTES } from '../../image/sniff.js';
import type { Archive } from './types.js';

/** Archives that stay open, by path: what is held of each is where its pictures are. */
const opened = new Lru<string, { readonly version: string; readonly archive: Promise<Archive> }>();
const MOST_OPEN = 16;

/** Whether a name is that of a file which is an archive. */
export async function isArchive(name: string): Promise<boolean> {
  if (!isArchiveName(name)) return false;
  return stat(encodeName(name)).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** A name as its archive's and that of a picture in it, `shard.tar/000012.jpg`; nothing for any other name. */
export async function splitMember(
  name: string,
): Promise<{ readonly archive: string; readonly member: string } | undefined> {
  for (const { index } of name.matchAll(/\.(?:tar|parquet)\/(?=.)/gi)) {
    const end = name.indexOf('/', index);
    const archive = name.slice(0, end);
    if (await isArchive(archive)) return { archive, member: name.slice(end + 1) };
  }
  return undefined;
}

/**
 * Opens an archive, or gives the one that is open and has not changed.
 * @throws CocaError `not-found`, `unreadable`, `bad-data`
 */
export async function openArchive(path: string): Promise<Archive> {
  let version: string;
  try {
    const { size, mtimeNs } = await stat(encodeName(path), { bigint: true });
    version = `${size} ${mtimeNs}`;
  } catch (error) {
    throw fileError(path, error);
  }
  const known = opened.get(path);
  if (known?.version === version) return known.archive;
  const archive = open(path);
  opened.set(path, { version, archive });
  opened.trim(MOST_OPEN);
  return archive;
}

/**
 * The picture that a name leads to, `shard.tar/000012.jpg`; nothing for a name that leads into no archive.
 * @throws CocaError as `openArchive` and `Archive.read`; for an archive's own name, why it stands among pictures: it cannot be read, or not all of
 *   it, or it has none
 */
export async function readArchived(name: string): Promise<Buffer | undefined> {
  if (await isArchive(name)) throw await archiveError(name);
  const place = await splitMember(name);
  if (place === undefined) return undefined;
  const bytes = await (await openArchive(place.archive)).read(place.member);
  requireImage(bytes.subarray(0, SNIFFED_BYTES));
  return bytes;
}

async function archiveError(name: string): Promise<CocaError> {
  const archive = await openArchive(name);
  if (archive.problem) return archive.problem;
  for await (const _ of archive.names(undefined)) {
    return new CocaError('usage', `${name} holds pictures, and is none itself`, 'a picture in it is called FILE/NAME');
  }
  return new CocaError('not-found', `there are no pictures in ${name}`);
}

async function open(path: string): Promise<Archive> {
  if (/\.tar$/i.test(path)) return (await import('./tar-archive.js')).openTar(path);
  return (await import('./parquet-archive.js')).openParquet(path);
}
