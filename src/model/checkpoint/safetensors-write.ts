import { writeWhole } from '../base/whole-file.js';
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
