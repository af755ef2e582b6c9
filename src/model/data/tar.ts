import { CocaError } from '../base/errors.js';
import { decodeName } from '../base/file-names.js';
import { RegularFile } from '../checkpoint/regular-file.js';
import type { Span, TarSample } from './sample.js';

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
/** No name is longer; a size beyond this is a damaged header. */
const MAX_EXTENSION = 1 << 20;

export interface TarIndex {
  readonly samples: readonly TarSample[];
  /** Why the archive was read no further, if it ends in the middle or is damaged. */
  readonly problem?: { readonly message: string };
}

interface Member {
  readonly name: string;
  readonly span: Span;
}

/**
 * The samples of a WebDataset shard: neighbouring members whose paths are the same up to the first dot of the file name.
 * A shard that is cut short or damaged has the samples before that place.
 * @throws CocaError `not-found`, `unreadable`; `bad-data` for what is no tar archive at all
 */
export async function indexShard(path: string): Promise<TarIndex> {
  const file = await RegularFile.open(path);
  try {
    const samples: TarSample[] = [];
    let open: { key: string; members: Record<string, Span> } | undefined;
    let problem: TarIndex['problem'];
    try {
      for (const { name, span } of members(file)) {
        const split = splitName(name);
        if (!split) continue;
        if (open?.key !== split.key) {
          open = { key: split.key, members: Object.create(null) };
          samples.push(open);
        }
        open.members[split.extension] = span;
      }
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

/** "folder/000123.seg.png" is key "folder/000123", extension "seg.png"; hidden files and folders are no samples. */
function splitName(name: string): { readonly key: string; readonly extension: string } | undefined {
  const slash = name.lastIndexOf('/') + 1;
  const dot = name.indexOf('.', slash);
  if (dot <= slash || dot === name.length - 1) return undefined;
  return { key: name.slice(0, dot), extension: name.slice(dot + 1).toLowerCase() };
}

/** Regular members in their order. Reads headers only, and blocks: a promise for each would cost more than the reading. */
function* members(file: RegularFile): Generator<Member> {
  let at = 0;
  let extended: Readonly<Record<string, string>> = {};
  while (at + BLOCK <= file.size) {
    const header = file.readNow(at, BLOCK);
    if (header.every((byte) => byte === 0)) return;
    checkSum(header, at);
    const type = text(header, FIELD.type) || '0';
    const size = extended.size === undefined ? sizeOf(header, at) : Number(extended.size);
    const start = at + BLOCK;
    const end = start + size;
    if (!Number.isSafeInteger(size) || size < 0) throw new Damage(`a member of size ${size} at byte ${at}`, at);
    if (end > file.size) throw new Damage(`the archive ends within the member at byte ${at}`, at);
    if (type === 'x' || type === 'L') {
      if (size > MAX_EXTENSION) throw new Damage(`a name of ${size} bytes at byte ${at}`, at);
      const bytes = file.readNow(start, size);
      extended = { ...extended, ...(type === 'x' ? paxRecords(bytes) : { path: text(bytes, [0, size]) }) };
    } else if (type !== 'g' && type !== 'K') {
      if (type === '0' || type === '7') yield { name: extended.path ?? nameOf(header), span: { start, end } };
      extended = {};
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  if (file.size === 0 || at < file.size) throw new Damage(`the archive ends within the header at byte ${at}`, at);
}

/** The sum of a header's bytes, its own field taken as spaces. */
function checkSum(header: Uint8Array, at: number): void {
  const [from, to] = FIELD.checksum;
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= from && i < to ? 0x20 : header[i]!;
  if (sum !== octal(header, FIELD.checksum)) throw new Damage(`no valid header at byte ${at}`, at);
}

/** Up to the first NUL. */
function text(bytes: Uint8Array, [from, to]: readonly [number, number]): string {
  const field = bytes.subarray(from, to);
  const end = field.indexOf(0);
  return decodeName(Buffer.from(end < 0 ? field : field.subarray(0, end)));
}

const octal = (bytes: Uint8Array, field: readonly [number, number]): number =>
  Number.parseInt(text(bytes, field).trim() || '0', 8);

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
  const name = text(header, FIELD.name);
  // GNU's own format says "ustar ", and has no prefix.
  const prefix = text(header, FIELD.magic) === 'ustar' ? text(header, FIELD.prefix) : '';
  return prefix ? `${prefix}/${name}` : name;
}

/** "LENGTH KEY=VALUE\n" each, the length in bytes and its own digits included. */
function paxRecords(bytes: Uint8Array): Record<string, string> {
  const records: Record<string, string> = Object.create(null);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  while (at < buffer.length) {
    const space = buffer.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(buffer.toString('latin1', at, space));
    if (!Number.isInteger(length) || length <= space - at || at + length > buffer.length) break;
    const record = decodeName(buffer.subarray(space + 1, at + length - 1));
    const equals = record.indexOf('=');
    if (equals > 0) records[record.slice(0, equals)] = record.slice(equals + 1);
    at += length;
  }
  return records;
}
