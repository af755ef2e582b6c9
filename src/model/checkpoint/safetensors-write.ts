import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CocaError } from '../errors.js';
import { bytesPerElement, countElements, type Dtype } from './dtype.js';
import { quote } from './problem.js';

export interface TensorToWrite {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Its elements, row-major and little-endian; pieces are written one after the other, in whatever sizes they come. */
  readonly data: Uint8Array | AsyncIterable<Uint8Array>;
}

/**
 * Writes a safetensors file whole or not at all: to a temporary file beside it, which takes the name once it is on disk.
 *
 * Tensors of larger elements come first and the header is padded to a multiple of 8 bytes, so that each tensor's offset
 * is a multiple of its element size; among equals, by name. `data` streams are read in that order, one at a time.
 * @throws CocaError `write-failed`; what a `data` stream throws, unchanged. RangeError where `data` has not the bytes of
 *   its shape, or for two tensors of one name.
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<TensorToWrite>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const ordered = [...tensors].sort(
    (a, b) => bytesPerElement(b.dtype) - bytesPerElement(a.dtype) || (a.name < b.name ? -1 : 1),
  );
  const header = encodeHeader(ordered, metadata);
  await writeWhole(path, async (write) => {
    await write(header);
    for (const tensor of ordered) await writeTensor(tensor, write);
  });
}

function byteLength({ name, dtype, shape }: TensorToWrite): number {
  const count = countElements(shape);
  if (count === undefined) throw new RangeError(`tensor ${quote(name)}: shape [${shape.join(', ')}] is too large`);
  return count * bytesPerElement(dtype);
}

function encodeHeader(ordered: readonly TensorToWrite[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const fields: string[] = [];
  if (Object.keys(metadata).length > 0) fields.push(`"__metadata__":${JSON.stringify(metadata)}`);
  const names = new Set(['__metadata__']);
  let end = 0;
  for (const tensor of ordered) {
    if (names.has(tensor.name)) throw new RangeError(`tensor name ${quote(tensor.name)} is reserved or used twice`);
    names.add(tensor.name);
    const begin = end;
    end += byteLength(tensor);
    const declaration = { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [begin, end] };
    fields.push(`${JSON.stringify(tensor.name)}:${JSON.stringify(declaration)}`);
  }
  const json = Buffer.from(`{${fields.join(',')}}`);
  const padded = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
  padded.writeBigUInt64LE(BigInt(padded.length - 8));
  json.copy(padded, 8);
  return padded;
}

async function writeTensor(tensor: TensorToWrite, write: (bytes: Uint8Array) => Promise<void>): Promise<void> {
  const expected = byteLength(tensor);
  let written = 0;
  const pieces = tensor.data instanceof Uint8Array ? [tensor.data] : tensor.data;
  for await (const piece of pieces) {
    written += piece.length;
    if (written > expected) break;
    await write(piece);
  }
  if (written !== expected) {
    const shape = `[${tensor.shape.join(', ')}] of ${tensor.dtype}`;
    throw new RangeError(`tensor ${quote(tensor.name)}: ${shape} needs ${expected} bytes, ${written} given`);
  }
}

/** How a temporary file beside `path` is called; `isTemporaryOf` knows them again. */
function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
}

/** Whether `name` is the name of a temporary file that `writeSafetensors` makes beside a file called `finalName`. */
export function isTemporaryOf(name: string, finalName: string): boolean {
  return name.startsWith(`.${finalName}.`) && /^[0-9a-f]{12}\.tmp$/.test(name.slice(finalName.length + 2));
}

/** Writes a file whole or not at all, in pieces. Throws `write-failed`, and what `fill` throws, unchanged. */
export async function writeWhole(
  path: string,
  fill: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  const temporary = temporaryName(path);
  const orFail = async <T>(operation: Promise<T>): Promise<T> => {
    try {
      return await operation;
    } catch (cause) {
      throw writeFailed(path, cause);
    }
  };
  const handle = await orFail(open(temporary, 'wx'));
  try {
    try {
      await fill((bytes) => orFail(writeFully(handle, bytes)));
      await orFail(handle.sync());
    } finally {
      await handle.close();
    }
    await orFail(rename(temporary, path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

async function writeFully(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    // Writes are capped well below 2^31 bytes, from where on the system cuts them.
    const length = Math.min(bytes.length - done, 1 << 30);
    done += (await handle.write(bytes, done, length)).bytesWritten;
  }
}

/** Makes the rename itself durable. Where directories cannot be synced (Windows), the system does as it does. */
async function syncDirectory(directory: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(directory, 'r');
    await handle.sync();
  } catch {
    // The file is whole under its name either way.
  } finally {
    await handle?.close();
  }
}

function writeFailed(path: string, cause: unknown): CocaError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const hint = code === 'ENOSPC' || code === 'EDQUOT' ? 'free some disk space' : 'check that the folder is writable';
  return new CocaError('write-failed', `${path}: cannot be written (${code ?? message})`, hint, { cause });
}
