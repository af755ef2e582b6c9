import { CocaError } from '../base/errors.js';
import { RegularFile } from '../base/regular-file.js';
import { bytesPerElement, countElements, type Dtype, isDtype, isWeightDtype, type WeightDtype } from './dtype.js';
import { HEAD_BYTES, recognise } from './foreign.js';
import { decodeBF16, decodeF16 } from './half.js';
import { nameInFile, PLAIN, type Spelling } from './names.js';
import { badCheckpoint, calledBy, quote } from './problem.js';
import { type DeclaredTensor, parseHeader } from './safetensors-header.js';

export type { Dtype, WeightDtype } from './dtype.js';
export { encodeF16 } from './half.js';
export { type TensorToWrite, writeSafetensors } from './safetensors-write.js';

/** Where one tensor lies in its file. */
export interface TensorEntry {
  /** As the file has it. */
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Of its first byte, from the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
  /** Its elements, where it is not in the file. */
  readonly values?: Float32Array;
}

/** A safetensors file whose header was read and found sound. It is not held open. */
export interface SafetensorsFile {
  readonly path: string;
  /** The file that was given, where `path` is its conversion or where its links lead: what errors call it. */
  readonly given?: string;
  /** Bytes of the whole file. */
  readonly size: number;
  readonly metadata: ReadonlyMap<string, string>;
  /** By name, in the order of the header. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** How the file spells these names; as they stand where it is left out. */
  readonly spelling?: Spelling;
}

/** The format's own bound on the header, in bytes. */
export const MAX_HEADER_BYTES = 100_000_000;

/**
 * Opens a safetensors file: reads its header and checks that every tensor's bytes are where it says, that they fill the
 * data without holes or overlaps, and that they are as many as its shape and type need. Reads no weights.
 * Format: https://github.com/huggingface/safetensors#format
 * @throws CocaError `bad-checkpoint` naming the tensor and the reason; `not-found`, `unreadable`.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await RegularFile.open(path);
  try {
    const head = await file.read(0, Math.min(HEAD_BYTES, file.size));
    const headerLength = checkedHeaderLength(path, file.size, head);
    const { metadata, tensors } = parseHeader(path, decodeUtf8(path, await file.read(8, headerLength)));
    return { path, size: file.size, metadata, tensors: layOut(path, file.size, 8 + headerLength, tensors) };
  } finally {
    await file.close();
  }
}

/** The header's length, before anything of that length is allocated. */
function checkedHeaderLength(path: string, size: number, head: Uint8Array): number {
  const refuse = (reason: string) => {
    const foreign = recognise(head);
    return foreign === undefined
      ? badCheckpoint(path, `not a safetensors file: ${reason}`, 'download or export it again')
      : badCheckpoint(path, `is ${foreign.what}`, foreign.hint);
  };
  if (size < 8) throw refuse(`${size} bytes are too short for the length of its header`);
  const length = Number(new DataView(head.buffer, head.byteOffset).getBigUint64(0, true));
  if (length < 2) throw refuse(`a header of ${length} bytes`);
  // Beyond 2^53 the number is rounded, but then it is also beyond the bounds.
  if (length > size - 8) throw refuse(`its header of ${length} bytes ends beyond its ${size} bytes`);
  if (length > MAX_HEADER_BYTES) throw refuse(`its header of ${length} bytes is over ${MAX_HEADER_BYTES}`);
  if (head[8] !== 0x7b) throw refuse('its header does not start with {');
  return length;
}

function decodeUtf8(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw badCheckpoint(path, 'the safetensors header is not valid UTF-8', 'download or export it again');
  }
}

/** Checks every declared tensor and that together they cover the data, each byte once. */
function layOut(
  path: string,
  fileSize: number,
  dataStart: number,
  declared: ReadonlyMap<string, DeclaredTensor>,
): ReadonlyMap<string, TensorEntry> {
  const dataSize = fileSize - dataStart;
  const entries = new Map<string, TensorEntry>();
  for (const [name, tensor] of declared) entries.set(name, checkTensor(path, dataStart, dataSize, name, tensor));

  const inOrder = [...entries.values()].sort((a, b) => a.offset - b.offset || a.byteLength - b.byteLength);
  let end = dataStart;
  let previous: TensorEntry | undefined;
  for (const entry of inOrder) {
    if (entry.offset !== end) {
      const before = previous === undefined ? 'the start of the data' : `tensor ${quote(previous.name)}`;
      const reason =
        entry.offset < end
          ? `overlaps ${before} by ${end - entry.offset} bytes`
          : `leaves a hole of ${entry.offset - end} bytes after ${before}`;
      throw badCheckpoint(path, `tensor ${quote(entry.name)}: ${reason}`, 'download or export it again');
    }
    end = entry.offset + entry.byteLength;
    previous = entry;
  }
  if (end !== fileSize) {
    throw badCheckpoint(path, `${fileSize - end} bytes after the last tensor`, 'download or export it again');
  }
  return entries;
}

function checkTensor(
  path: string,
  dataStart: number,
  dataSize: number,
  name: string,
  { dtype, shape, begin, end }: DeclaredTensor,
): TensorEntry {
  const refuse = (reason: string) => badCheckpoint(path, `tensor ${quote(name)}: ${reason}`);
  if (!isDtype(dtype)) throw refuse(`unknown dtype ${quote(dtype)}`);
  if (begin > end) throw refuse(`its data ends (${end}) before it begins (${begin})`);
  if (end > dataSize) {
    throw refuse(`its data ends at byte ${end} of ${dataSize}: the file is cut short, or its header lies`);
  }
  const count = countElements(shape);
  const needed = count === undefined ? undefined : count * bytesPerElement(dtype);
  if (needed === undefined || !Number.isSafeInteger(needed)) {
    throw refuse(`shape [${shape.join(', ')}] has too many elements`);
  }
  if (needed !== end - begin) {
    throw refuse(`shape [${shape.join(', ')}] of ${dtype} needs ${needed} bytes, its data has ${end - begin}`);
  }
  return { name, dtype, shape, offset: dataStart + begin, byteLength: needed };
}

/**
 * Reads one tensor, F32, F16 or BF16, as float32 (exactly), row-major as stored.
 * @throws CocaError `bad-checkpoint` for a name that is not there or another type; `unreadable`.
 */
export async function readTensor(file: SafetensorsFile, name: string): Promise<Float32Array> {
  const { entry, dtype } = weightEntry(file, name);
  if (entry.values) return entry.values.slice();
  const values = allocate(file, entry.name, entry.byteLength / bytesPerElement(dtype));
  const bits = new Uint32Array(values.buffer);
  let at = 0;
  for await (const chunk of chunksOf(file, entry)) {
    at += decode(chunk, dtype, bits, at);
  }
  return values;
}

/**
 * Index of the first NaN or infinity of an F32, F16 or BF16 tensor, or -1. Reads the tensor once, in pieces.
 * @throws CocaError as `readTensor`.
 */
export async function firstNonFinite(file: SafetensorsFile, name: string): Promise<number> {
  const { entry, dtype } = weightEntry(file, name);
  if (entry.values) return entry.values.findIndex((value) => !Number.isFinite(value));
  let bits = new Uint32Array(0);
  let before = 0;
  for await (const chunk of chunksOf(file, entry)) {
    const count = chunk.length / bytesPerElement(dtype);
    if (bits.length < count) bits = new Uint32Array(count);
    decode(chunk, dtype, bits, 0);
    for (let i = 0; i < count; i++) {
      if ((bits[i]! & 0x7f800000) === 0x7f800000) return before + i;
    }
    before += count;
  }
  return -1;
}

function weightEntry(file: SafetensorsFile, name: string): { entry: TensorEntry; dtype: WeightDtype } {
  const entry = file.tensors.get(name);
  if (entry === undefined)
    throw badCheckpoint(calledBy(file), `no tensor ${quote(nameInFile(name, file.spelling ?? PLAIN))}`);
  const { dtype } = entry;
  if (!isWeightDtype(dtype)) {
    throw badCheckpoint(calledBy(file), `tensor ${quote(entry.name)}: weights are F32, F16 or BF16, this is ${dtype}`);
  }
  return { entry, dtype };
}

function allocate(file: SafetensorsFile, name: string, length: number): Float32Array<ArrayBuffer> {
  try {
    return new Float32Array(length);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw badCheckpoint(calledBy(file), `tensor ${quote(name)}: ${length} numbers do not fit into memory`);
  }
}

async function* chunksOf(file: SafetensorsFile, entry: TensorEntry): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const source = await RegularFile.open(file.path);
  try {
    if (source.size !== file.size) {
      throw new CocaError(
        'unreadable',
        `${calledBy(file)}: changed since it was opened`,
        'start again once it is whole',
      );
    }
    yield* source.chunks(entry.offset, entry.byteLength);
  } finally {
    await source.close();
  }
}

/** Writes the float32 bits of `chunk`'s elements to `bits` from index `at`; returns how many. */
function decode(chunk: Uint8Array<ArrayBuffer>, dtype: WeightDtype, bits: Uint32Array, at: number): number {
  const count = chunk.length / bytesPerElement(dtype);
  // A chunk starts at its buffer's start and holds whole elements (its size is a multiple of four), so views fit.
  if (dtype === 'F32') {
    bits.set(new Uint32Array(chunk.buffer, chunk.byteOffset, count), at);
  } else {
    const halves = new Uint16Array(chunk.buffer, chunk.byteOffset, count);
    if (dtype === 'F16') decodeF16(halves, bits, at);
    else decodeBF16(halves, bits, at);
  }
  return count;
}
