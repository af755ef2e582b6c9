import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { CocaError } from '../../model/base/errors.js';
import { encodeName } from '../../model/base/file-names.js';
import { archivedInputs, type ImageSources, type NamedInput, namedInputs } from '../io/sources.js';
import type { Shard } from './types.js';

/** A set of names, whatever their order, in a few bytes. */
export interface NameCount {
  readonly count: number;
  /** The sum of the names' SHA-256, modulo 2^256, in hexadecimal: of parts of a set it adds up to that of the set. */
  readonly digest: string;
}

const MODULUS = 1n << 256n;

/** Counts names. */
export class NameCounter {
  #count = 0;
  #sum = 0n;

  add(hash: Buffer): void {
    this.#count++;
    this.#sum += BigInt(`0x${hash.toString('hex')}`);
  }

  addAll({ count, digest }: NameCount): void {
    this.#count += count;
    this.#sum += BigInt(`0x${digest}`);
  }

  result(): NameCount {
    return { count: this.#count, digest: (this.#sum % MODULUS).toString(16).padStart(64, '0') };
  }
}

/** The SHA-256 of a name's own bytes. */
export const nameHash = (name: string): Buffer => createHash('sha256').update(encodeName(name)).digest();

/** Which of `count` shares a name belongs to: the first 6 bytes of its hash, as a big-endian number, modulo `count`. */
export const shareOf = (hash: Buffer, count: number): number => hash.readUIntBE(0, 6) % count;

/** The pictures of a share. */
export interface Share {
  /** In the order of their keys' code units. */
  readonly pictures: readonly NamedInput[];
  /** What was shared out: pictures one by one, or archives whole where there are at least as many of them as shares. */
  readonly unit: 'picture' | 'archive';
  /** All that was given, and what of it belongs to this share; an archive that is not opened up counts as one. */
  readonly input: NameCount;
  readonly own: NameCount;
}

/**
 * Goes through all that was given and keeps what belongs to one share. Names alone decide, as they are in the folder, pattern, list or archive that
 * was given: so every machine comes to the same, in whichever order it lists them.
 * @throws CocaError `usage` for two pictures of one name
 */
export async function takeShare(sources: ImageSources, { index, count }: Shard, stdin: Readable): Promise<Share> {
  const pictures: NamedInput[] = [];
  const archives: NamedInput[] = [];
  const input = new NameCounter();
  const own = new NameCounter();
  const isOwn = (key: string): boolean => {
    const hash = nameHash(key);
    input.add(hash);
    if (shareOf(hash, count) !== index) return false;
    own.add(hash);
    return true;
  };
  for await (const found of namedInputs(sources, stdin)) {
    if (found.isArchive) archives.push(found);
    else if (isOwn(found.key)) pictures.push(found);
  }
  const unit = archives.length > 0 && archives.length >= count ? 'archive' : 'picture';
  for (const archive of archives) {
    if (unit === 'archive' && !isOwn(archive.key)) continue;
    for await (const found of archivedInputs(archive, sources)) {
      if (unit === 'archive' || isOwn(found.key)) pictures.push(found);
    }
  }
  requireOneEach(pictures.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)));
  return { pictures, unit, input: input.result(), own: own.result() };
}

/** @throws CocaError `usage` */
function requireOneEach(pictures: readonly NamedInput[]): void {
  for (const [i, { name, key }] of pictures.entries()) {
    const before = pictures[i - 1];
    if (before?.key !== key || before.name === name) continue;
    throw new CocaError(
      'usage',
      `${before.name} and ${name} are both called ${key} in what was given`,
      'name the folder above them, with --recursive, or a list of both',
    );
  }
}
