import { crc32 } from 'node:zlib';
import type { RegularFile } from '../../base/regular-file.js';
import { badCheckpoint, quote } from '../problem.js';

/**
 * Reads zip archives as PyTorch writes them (PKWARE APPNOTE 6.3.10), zip64 where needed. What else zip allows is refused,
 * and so is every archive that could be read in two ways. Only stored entries can be read; others are just listed.
 */

/** One entry: `size` bytes at `offset` of the archive. */
export interface ZipEntry {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  /** How it is compressed; 0 where it is stored as it is. */
  readonly method: number;
  readonly crc32: number;
}

export interface ZipArchive {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /** The raw central directory. It holds every entry's name, size and CRC-32, so it tells contents apart. */
  readonly directory: Uint8Array;
}

/** Room for well over 100,000 tensors (about a hundred bytes each), and small enough to read at once. */
const MAX_DIRECTORY_BYTES = 16 * 1024 * 1024;

const END_BYTES = 22;
const END64_BYTES = 56;
const LOCATOR64_BYTES = 20;
const CENTRAL_BYTES = 46;
const LOCAL_BYTES = 30;

/** Flags that change nothing: how hard deflate tried (1, 2), sizes follow the data (3), names are UTF-8 (11). */
const HARMLESS_FLAGS = (1 << 1) | (1 << 2) | (1 << 3) | (1 << 11);
const SIZES_FOLLOW = 1 << 3;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

interface CentralRecord {
  readonly name: string;
  readonly rawName: Uint8Array;
  readonly flags: number;
  readonly method: number;
  readonly crc32: number;
  readonly size: number;
  readonly headerOffset: number;
}

/**
 * Reads the central directory and checks it against every local header.
 * @throws CocaError `bad-checkpoint` for anything that PyTorch does not write: encrypted entries, entries that overlap
 *   or occur twice, headers that contradict each other, an archive cut short.
 */
export async function readZip(file: RegularFile): Promise<ZipArchive> {
  const { start, size, count } = await findDirectory(file);
  const directory = await file.read(start, size);
  const records = readDirectory(file.path, directory, count);
  const entries = new Map<string, ZipEntry>();
  let end = 0;
  let previous = '';
  for (const record of records.sort((a, b) => a.headerOffset - b.headerOffset)) {
    const where = `zip entry ${quote(record.name)}`;
    if (record.headerOffset < end) throw badCheckpoint(file.path, `${where} overlaps ${quote(previous)}`);
    const offset = dataOffset(file, record, start);
    end = offset + record.size;
    if (end > start) throw badCheckpoint(file.path, `${where} overlaps the central directory`);
    if (entries.has(record.name)) throw badCheckpoint(file.path, `${where} occurs twice`);
    entries.set(record.name, {
      name: record.name,
      offset,
      size: record.size,
      method: record.method,
      crc32: record.crc32,
    });
    previous = record.name;
  }
  return { entries, directory };
}

/** @throws CocaError `bad-checkpoint` where an entry is compressed: torch.save stores them, only TorchScript compresses its code */
export function requireStored(path: string, { entries }: ZipArchive): void {
  for (const { name, method } of entries.values()) {
    if (method !== 0) {
      throw badCheckpoint(path, `zip entry ${quote(name)} is compressed (method ${method}); torch.save stores entries`);
    }
  }
}

/**
 * Goes through an entry's bytes and compares their checksum.
 * @throws CocaError `bad-checkpoint`
 */
export async function verifyEntry(file: RegularFile, entry: ZipEntry): Promise<void> {
  let crc = 0;
  for await (const chunk of file.chunks(entry.offset, entry.size)) crc = crc32(chunk, crc);
  checkCrc(file.path, entry, crc);
}

/**
 * A whole small entry, its checksum compared.
 * @throws CocaError `bad-checkpoint`, also where it is over `maxBytes`
 */
export async function readEntry(file: RegularFile, entry: ZipEntry, maxBytes: number): Promise<Uint8Array> {
  if (entry.size > maxBytes) {
    throw badCheckpoint(file.path, `zip entry ${quote(entry.name)} has ${entry.size} bytes, over ${maxBytes}`);
  }
  const bytes = await file.read(entry.offset, entry.size);
  checkCrc(file.path, entry, crc32(bytes));
  return bytes;
}

function checkCrc(path: string, entry: ZipEntry, crc: number): void {
  if (crc === entry.crc32) return;
  throw badCheckpoint(
    path,
    `zip entry ${quote(entry.name)}: its checksum (CRC-32) is wrong`,
    // PyTorch can be told to leave checksums out. Then damage cannot be told from that, so these are refused as well.
    entry.crc32 === 0 ? 'download it again; if it was saved without checksums, save it with them' : 'download it again',
  );
}

/** Where the central directory lies, by the end record and, where there is one, the zip64 end record before it. */
async function findDirectory(file: RegularFile): Promise<{ start: number; size: number; count: number }> {
  const refuse = (reason: string) => badCheckpoint(file.path, `zip archive: ${reason}`, 'download it again');
  const tailBytes = Math.min(file.size, END_BYTES + LOCATOR64_BYTES + END64_BYTES);
  const tailStart = file.size - tailBytes;
  const tail = viewOf(await file.read(tailStart, tailBytes));
  const endAt = tailBytes - END_BYTES;
  // torch.save writes no archive comment, so the end record is at the very end; looking for it elsewhere is guessing.
  if (endAt < 0 || tail.getUint32(endAt, true) !== 0x06054b50 || tail.getUint16(endAt + 20, true) !== 0) {
    throw refuse('it does not end as torch.save ends it: cut short, or written by another program');
  }
  if (tail.getUint32(endAt + 4, true) !== 0) throw refuse('one part of several');
  let countHere = tail.getUint16(endAt + 8, true);
  let count = tail.getUint16(endAt + 10, true);
  let size = tail.getUint32(endAt + 12, true);
  let start = tail.getUint32(endAt + 16, true);
  let directoryEnd = file.size - END_BYTES;

  const locatorAt = endAt - LOCATOR64_BYTES;
  if (locatorAt >= 0 && tail.getUint32(locatorAt, true) === 0x07064b50) {
    const at = locatorAt - END64_BYTES;
    if (at < 0 || tail.getUint32(at, true) !== 0x06064b50) throw refuse('its zip64 end record is missing');
    directoryEnd = tailStart + at;
    // 44 bytes follow the record's own size; the locator points at the record; no other parts.
    const consistent =
      tail.getBigUint64(at + 4, true) === BigInt(END64_BYTES - 12) &&
      tail.getUint32(at + 16, true) === 0 &&
      tail.getUint32(at + 20, true) === 0 &&
      tail.getUint32(locatorAt + 4, true) === 0 &&
      tail.getBigUint64(locatorAt + 8, true) === BigInt(directoryEnd) &&
      tail.getUint32(locatorAt + 16, true) === 1;
    if (!consistent) throw refuse('its zip64 end record contradicts itself');
    const large = [24, 32, 40, 48].map((field) => Number(tail.getBigUint64(at + field, true)));
    const [countHere64, count64, size64, start64] = large as [number, number, number, number];
    const agree = (small: number, saturated: number, value: number) => small === saturated || small === value;
    if (
      !agree(countHere, 0xffff, countHere64) ||
      !agree(count, 0xffff, count64) ||
      !agree(size, 0xffffffff, size64) ||
      !agree(start, 0xffffffff, start64)
    ) {
      throw refuse('its two end records contradict each other');
    }
    [countHere, count, size, start] = [countHere64, count64, size64, start64];
  }
  if (countHere !== count) throw refuse('one part of several');
  if (start + size !== directoryEnd) throw refuse('its central directory is not where its end record says');
  if (size > MAX_DIRECTORY_BYTES) throw refuse(`a central directory of ${size} bytes`);
  if (count * CENTRAL_BYTES > size) throw refuse(`${count} entries do not fit its central directory`);
  return { start, size, count };
}

function readDirectory(path: string, directory: Uint8Array, count: number): CentralRecord[] {
  const records: CentralRecord[] = [];
  let position = 0;
  for (let i = 0; i < count; i++) {
    const record = readCentral(path, directory, position);
    records.push(record);
    position = record.end;
  }
  if (position !== directory.length) {
    throw badCheckpoint(path, 'zip archive: its central directory holds more than the entries it counts');
  }
  return records;
}

function readCentral(path: string, directory: Uint8Array, at: number): CentralRecord & { end: number } {
  const broken = () => badCheckpoint(path, `zip archive: its central directory is broken at byte ${at}`);
  const view = viewOf(directory);
  if (at + CENTRAL_BYTES > directory.length || view.getUint32(at, true) !== 0x02014b50) throw broken();
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  const nameEnd = at + CENTRAL_BYTES + view.getUint16(at + 28, true);
  const extraEnd = nameEnd + view.getUint16(at + 30, true);
  const end = extraEnd + view.getUint16(at + 32, true);
  if (end > directory.length) throw broken();

  const rawName = directory.subarray(at + CENTRAL_BYTES, nameEnd);
  const name = entryName(path, rawName);
  const refuse = (reason: string) => badCheckpoint(path, `zip entry ${quote(name)}: ${reason}`);
  if ((flags & 1) !== 0) throw refuse('it is encrypted');
  if ((flags & ~HARMLESS_FLAGS) !== 0) throw refuse(`flags 0x${flags.toString(16)}, which torch.save does not set`);

  const fields = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
  const saturated = fields.filter((field) => field === 0xffffffff).length;
  const large = zip64Fields(directory.subarray(nameEnd, extraEnd), saturated);
  if (large === undefined) throw refuse('its extra fields are broken');
  if (saturated > 0 && large.length === 0) throw refuse('its zip64 sizes are missing');
  let next = 0;
  const [unpackedSize, size, headerOffset] = fields.map((field) => (field === 0xffffffff ? large[next++]! : field)) as [
    number,
    number,
    number,
  ];
  if (method === 0 && size !== unpackedSize) throw refuse('it is stored, but its two sizes differ');
  if (view.getUint16(at + 34, true) !== 0) throw refuse('it lies in another part of the archive');
  return { name, rawName, flags, method, crc32: view.getUint32(at + 16, true), size, headerOffset, end };
}

/** The zip64 values of an entry: exactly `expected` 64-bit numbers, none without that field, undefined if broken. */
function zip64Fields(extra: Uint8Array, expected: number): number[] | undefined {
  const view = viewOf(extra);
  let values: number[] | undefined;
  let at = 0;
  while (at < extra.length) {
    if (at + 4 > extra.length) return undefined;
    const length = view.getUint16(at + 2, true);
    if (at + 4 + length > extra.length) return undefined;
    if (view.getUint16(at, true) === 1) {
      if (values !== undefined || length !== expected * 8) return undefined;
      values = Array.from({ length: expected }, (_, i) => Number(view.getBigUint64(at + 4 + i * 8, true)));
    }
    at += 4 + length;
  }
  return values ?? [];
}

function entryName(path: string, raw: Uint8Array): string {
  try {
    return utf8.decode(raw);
  } catch {
    throw badCheckpoint(path, 'zip archive: an entry name is not valid UTF-8');
  }
}

/** Checks an entry's local header against its central record; returns where its data starts. */
function dataOffset(file: RegularFile, record: CentralRecord, limit: number): number {
  const refuse = (reason: string) => badCheckpoint(file.path, `zip entry ${quote(record.name)}: ${reason}`);
  const nameAt = record.headerOffset + LOCAL_BYTES;
  if (!(nameAt + record.rawName.length <= limit)) throw refuse('its header is not within the archive');
  const bytes = file.readNow(record.headerOffset, LOCAL_BYTES + record.rawName.length);
  const local = viewOf(bytes);
  if (local.getUint32(0, true) !== 0x04034b50) throw refuse('it has no local header');
  const sameName =
    local.getUint16(26, true) === record.rawName.length &&
    Buffer.compare(bytes.subarray(LOCAL_BYTES), record.rawName) === 0;
  const flags = local.getUint16(6, true);
  // With sizes that follow the data, the local header has zeros in their place; with zip64, all ones.
  const agrees = (value: number, expected: number) =>
    value === expected ||
    (value === 0 && (flags & SIZES_FOLLOW) !== 0) ||
    (value === 0xffffffff && expected >= 0xffffffff);
  if (
    !sameName ||
    flags !== record.flags ||
    local.getUint16(8, true) !== record.method ||
    !agrees(local.getUint32(14, true), record.crc32) ||
    !agrees(local.getUint32(18, true), record.size) ||
    (record.method === 0 && !agrees(local.getUint32(22, true), record.size))
  ) {
    throw refuse('its local header contradicts the central directory');
  }
  return nameAt + record.rawName.length + local.getUint16(28, true);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
