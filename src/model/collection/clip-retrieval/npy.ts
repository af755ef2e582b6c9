import { open, readFile } from 'node:fs/promises';
import { CocaError } from '../../base/errors.js';
import { fileError } from '../../base/regular-file.js';
import { orWriteFailed, writeFully } from '../../base/whole-file.js';
import { decodeF16 } from '../../checkpoint/half.js';

/** A matrix: rows x width numbers, row after row. */
export interface Matrix {
  readonly rows: number;
  readonly width: number;
  readonly values: Float32Array;
}

const MAGIC = Buffer.from('\x93NUMPY', 'latin1');
/** What comes before the header's text, in version 1. */
const PREFIX = 10;
/** Where data begin is a multiple of it. */
const ALIGNMENT = 64;

/**
 * Reads a matrix of half or single precision from a .npy file (NumPy's format, version 1 to 3; C order).
 * @throws CocaError `bad-data` for anything else, `not-found`, `unreadable`
 */
export async function readNpy(path: string): Promise<Matrix> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw fileError(path, error);
  }
  const bad = (what: string) =>
    new CocaError('bad-data', `${path}: ${what}`, 'a matrix of float16 or float32 is needed');
  if (bytes.length < PREFIX + 2 || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw bad('no .npy file');
  const isFirst = bytes[6] === 1;
  const start = isFirst ? PREFIX : PREFIX + 2;
  const end = start + (isFirst ? bytes.readUInt16LE(8) : bytes.readUInt32LE(8));
  const header = bytes.toString('latin1', start, Math.min(end, bytes.length));
  const type = /'descr':\s*'([^']*)'/.exec(header)?.[1];
  const shape = /'shape':\s*\((\d+),\s*(\d+),?\s*\)/.exec(header);
  if (type !== '<f4' && type !== '<f2') throw bad(`numbers of type ${type ?? 'unknown'}`);
  if (!/'fortran_order':\s*False/.test(header) || shape === null) throw bad('not rows of numbers, one after the other');
  const [rows, width] = [Number(shape[1]), Number(shape[2])];
  const bytesEach = type === '<f4' ? 4 : 2;
  if (bytes.length - end !== rows * width * bytesEach) {
    throw bad(
      `${bytes.length - end} bytes of data, and ${rows} x ${width} numbers of ${bytesEach} bytes are announced`,
    );
  }
  // A copy: numbers of two and four bytes need not lie where they can be read in the file's own.
  const data = bytes.buffer.slice(bytes.byteOffset + end, bytes.byteOffset + bytes.length) as ArrayBuffer;
  if (type === '<f4') return { rows, width, values: new Float32Array(data) };
  const bits = new Uint32Array(rows * width);
  decodeF16(new Uint16Array(data), bits, 0);
  return { rows, width, values: new Float32Array(bits.buffer) };
}

/** The header of a matrix of single or half precision, version 1 of the format. */
export function npyHeader(rows: number, width: number, isHalf = false): Buffer {
  const text = `{'descr': '${isHalf ? '<f2' : '<f4'}', 'fortran_order': False, 'shape': (${rows}, ${width}), }`;
  const length = Math.ceil((PREFIX + text.length + 1) / ALIGNMENT) * ALIGNMENT - PREFIX;
  const header = Buffer.alloc(PREFIX);
  MAGIC.copy(header);
  header[6] = 1;
  header.writeUInt16LE(length, 8);
  return Buffer.concat([header, Buffer.from(`${text.padEnd(length - 1)}\n`)]);
}

/**
 * Writes rows as a .npy file of single precision.
 * @throws CocaError `write-failed`
 */
export async function writeNpy(path: string, width: number, rows: readonly Float32Array[]): Promise<void> {
  const handle = await orWriteFailed(path, open(path, 'wx'));
  try {
    await orWriteFailed(path, writeFully(handle, npyHeader(rows.length, width)));
    for (const { buffer, byteOffset, byteLength } of rows) {
      await orWriteFailed(path, writeFully(handle, new Uint8Array(buffer, byteOffset, byteLength)));
    }
    await orWriteFailed(path, handle.sync());
  } finally {
    await handle.close();
  }
}
