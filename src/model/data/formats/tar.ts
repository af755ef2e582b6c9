import { CocaError } from '../../base/errors.js';
import { decodeName } from '../../base/file-names.js';
import { RegularFile } from '../../base/regular-file.js';
import type { Span, TarSample } from '../sample.js';

/**
 * Tar archives by their headers: what is in them and where, so that members can be read in any order without unpacking.
 * POSIX.1-2001 ("pax": the ustar header with extended ones before it) and GNU's long names and large sizes.
 */

const BLOCK = 512;
/** Where ustar's fields lie in a header. */
const FIELD = {
  name: [0, 100],
  size: [124, 136],
  checksum: [148, 156],
  type: [156, 157],
  magic: [257, 263],
  prefix: [345, 500],
} as const;
/** Whether a block with places of data follows GNU's header of a sparse file, and whether another follows such a block. */
const SPARSE_GOES_ON = { header: 482, block: 504 } as const;
/** No name is longer; a size beyond this is a damaged header. */
const MAX_EXTENSION = 1 << 20;
const SCANNED_AT_ONCE = 1 << 16;

export interface TarIndex {
  readonly samples: readonly TarSample[];
  /** Why the archive was read no further, if it ends in the middle or is damaged. */
  readonly problem?: { readonly message: string };
}

interface Member {
  readonly name: string;
  /** Where its bytes are; of a member that is no plain file, what it is instead. */
  readonly content: Span | string;
}

/**
 * The samples of a WebDataset shard: neighbouring members whose paths are the same up to the first dot of the file name.
 * A shard that is cut short or damaged has the samples before that place. A name that comes again within a sample, which
 * the webdataset library refuses, begins another sample that says so.
 * @throws CocaError `not-found`, `unreadable`; `bad-data` for what is no tar archive at all
 */
export async function indexShard(path: string): Promise<TarIndex> {
  const file = await RegularFile.open(path);
  try {
    const samples: TarSample[] = [];
    let problem: TarIndex['problem'];
    try {
      const grouped = new Samples(samples);
      for (const member of members(file)) grouped.add(member);
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      if (error.offset === 0) throw notTar(path, error.message);
      problem = { message: `${path}: ${error.message}; what comes before it is read` };
    }
    return { samples, ...(problem && { problem }) };
  } finally {
    await file.close();
  }
}

/** Members become samples in their order. */
class Samples {
  #open: { key: string; members: Record<string, Span>; unread: Record<string, string> } | undefined;

  constructor(private readonly samples: TarSample[]) {}

  add({ name, content }: Member): void {
    const split = splitName(name);
    if (!split) return;
    const { key, extension } = split;
    const isSame = this.#open?.key === key;
    const isTwice = isSame && (extension in this.#open!.members || extension in this.#open!.unread);
    if (!isSame || isTwice) {
      this.#open = { key, members: Object.create(null), unread: Object.create(null) };
      this.samples.push(this.#open);
    }
    const { members, unread } = this.#open!;
    if (isTwice) unread[extension] = `${name} is in the shard a second time`;
    else if (typeof content === 'string') unread[extension] = `${name} is ${content}, not a plain file`;
    else members[extension] = content;
  }
}

function notTar(path: string, detail: string): CocaError {
  return new CocaError(
    'bad-data',
    `${path} is no tar archive (${detail})`,
    'compressed archives have to be unpacked once: gunzip, unzstd',
  );
}

class Damage extends Error {
  constructor(
    message: string,
    readonly offset: number,
  ) {
    super(message);
  }
}

/** What webdataset takes for facts about the shard: `__name__`, as a file or a folder. */
const META = /^__[^/]*__(\/|$)/;

/** "folder/000123.seg.png" is key "folder/000123", extension "seg.png"; hidden files and folders are no samples. */
function splitName(name: string): { readonly key: string; readonly extension: string } | undefined {
  const slash = name.lastIndexOf('/') + 1;
  const dot = name.indexOf('.', slash);
  if (dot <= slash || dot === name.length - 1 || META.test(name)) return undefined;
  return { key: name.slice(0, dot), extension: name.slice(dot + 1).toLowerCase() };
}

/** Members that are no plain files, by the type in their header. Folders and labels of volumes hold no data. */
const KINDS: Readonly<Record<string, string>> = {
  1: 'a hard link',
  2: 'a symbolic link',
  3: 'a device',
  4: 'a device',
  6: 'a pipe',
  S: 'a sparse file',
};
/** Their size, where a header tells one, is not that of bytes in the archive. */
const WITHOUT_BYTES = new Set(['1', '2', '3', '4', '5', '6']);

/** Members in their order. Reads headers only, and blocks: a promise for each would cost more than the reading. */
function* members(file: RegularFile): Generator<Member> {
  let at = 0;
  let extended: Readonly<Record<string, string>> = {};
  while (at + BLOCK <= file.size) {
    const header = file.readNow(at, BLOCK);
    if (header.every((byte) => byte === 0)) return throwIfMore(file, at);
    checkSum(header, at);
    const type = text(header, FIELD.type) || '0';
    const size = WITHOUT_BYTES.has(type) ? 0 : extended.size === undefined ? sizeOf(header, at) : Number(extended.size);
    const start = at + BLOCK + (type === 'S' ? sparseBlocks(file, header, at) : 0);
    const end = start + size;
    if (!Number.isSafeInteger(size) || size < 0) throw new Damage(`a member of size ${size} at byte ${at}`, at);
    if (end > file.size) throw new Damage(`the archive ends within the member at byte ${at}`, at);
    if (type === 'x' || type === 'X' || type === 'L') {
      if (size > MAX_EXTENSION) throw new Damage(`a name of ${size} bytes at byte ${at}`, at);
      const bytes = file.readNow(start, size);
      extended = { ...extended, ...(type === 'L' ? { path: nameIn(bytes, [0, size]) } : paxRecords(bytes, at)) };
    } else if (type !== 'g' && type !== 'K') {
      const isPlain = type === '0' || type === '7';
      const isSparse = Object.keys(extended).some((key) => key.startsWith('GNU.sparse.'));
      const name = extended['GNU.sparse.name'] ?? extended.path ?? nameOf(header);
      if (isPlain && !isSparse) yield { name, content: { start, end } };
      else if (!HOLDS_NOTHING.has(type)) {
        yield { name, content: isPlain ? KINDS.S! : (KINDS[type] ?? `of the type ${JSON.stringify(type)}`) };
      }
      extended = {};
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  if (file.size === 0 || at < file.size) throw new Damage(`the archive ends within the header at byte ${at}`, at);
}

/** Folders (also GNU's with a list of their files), and the name of a volume. */
const HOLDS_NOTHING = new Set(['5', 'D', 'V']);

/** An archive ends at a block of zeros; another one behind it (`cat a.tar b.tar`) is not reached by any reader. */
function throwIfMore(file: RegularFile, end: number): void {
  for (let at = end; at < file.size; at += SCANNED_AT_ONCE) {
    const found = file.readNow(at, Math.min(SCANNED_AT_ONCE, file.size - at)).findIndex((byte) => byte !== 0);
    if (found >= 0) throw new Damage(`the archive ends at byte ${end}, but there is more at byte ${at + found}`, end);
  }
}

/** Bytes between the header of a sparse file and its data. */
function sparseBlocks(file: RegularFile, header: Uint8Array, at: number): number {
  let length = 0;
  for (let goesOn = header[SPARSE_GOES_ON.header]; goesOn; length += BLOCK) {
    const place = at + BLOCK + length;
    if (place + BLOCK > file.size) throw new Damage(`the archive ends within the member at byte ${at}`, at);
    goesOn = file.readNow(place + SPARSE_GOES_ON.block, 1)[0];
  }
  return length;
}

/** The sum of a header's bytes, its own field taken as spaces; old programs took bytes as signed. */
function checkSum(header: Uint8Array, at: number): void {
  const [from, to] = FIELD.checksum;
  let unsigned = 0;
  let signed = 0;
  for (let i = 0; i < BLOCK; i++) {
    const byte = i >= from && i < to ? 0x20 : header[i]!;
    unsigned += byte;
    signed += byte < 0x80 ? byte : byte - 0x100;
  }
  const sum = octal(header, FIELD.checksum);
  if (sum !== unsigned && sum !== signed) throw new Damage(`no valid header at byte ${at}`, at);
}

type Field = readonly [from: number, to: number];

/** Up to the first NUL. */
function untilNul(bytes: Uint8Array, [from, to]: Field): Buffer {
  const field = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from);
  const end = field.indexOf(0);
  return end < 0 ? field : field.subarray(0, end);
}

const text = (bytes: Uint8Array, field: Field): string => untilNul(bytes, field).toString('latin1');
const nameIn = (bytes: Uint8Array, field: Field): string => decodeName(untilNul(bytes, field));

const octal = (bytes: Uint8Array, field: Field): number => Number.parseInt(text(bytes, field).trim() || '0', 8);

/** Octal digits or, for 8 GiB and more, GNU's big-endian number with the highest bit set. */
function sizeOf(header: Uint8Array, at: number): number {
  const [from, to] = FIELD.size;
  if (!(header[from]! & 0x80)) return octal(header, FIELD.size);
  const digits = header.subarray(from + 1, to);
  const value = digits.reduce((sum, byte) => sum * 256 + byte, header[from]! & 0x7f);
  if (!Number.isSafeInteger(value)) throw new Damage(`a member of impossible size at byte ${at}`, at);
  return value;
}

function nameOf(header: Uint8Array): string {
  const name = nameIn(header, FIELD.name);
  // GNU's own format says "ustar ", and has no prefix.
  const prefix = text(header, FIELD.magic) === 'ustar' ? nameIn(header, FIELD.prefix) : '';
  return prefix ? `${prefix}/${name}` : name;
}

/** "LENGTH KEY=VALUE\n" each, the length in bytes and its own digits included. Names that are no UTF-8 are left as they are. */
function paxRecords(bytes: Uint8Array, block: number): Record<string, string> {
  const records: Record<string, string> = Object.create(null);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  while (at < buffer.length && buffer[at] !== 0) {
    const space = buffer.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(buffer.toString('latin1', at, space));
    const equals = buffer.indexOf(0x3d, space);
    const isWhole = Number.isInteger(length) && at + length <= buffer.length && equals > space + 1;
    if (!isWhole || equals >= at + length) throw new Damage(`no valid extended header at byte ${block}`, block);
    records[buffer.toString('utf8', space + 1, equals)] = decodeName(buffer.subarray(equals + 1, at + length - 1));
    at += length;
  }
  return records;
}
