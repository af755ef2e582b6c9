import { CHUNK_BYTES, type RegularFile } from '../../base/regular-file.js';
import { bytesPerElement } from '../dtype.js';
import { badCheckpoint, quote } from '../problem.js';
import type { TorchWeight } from './weight.js';

/** The part of a storage that a strided tensor is gathered from is held in memory; no weight of a CoCa comes near this. */
const MAX_SPAN_BYTES = 2 ** 31;

/**
 * A tensor's elements, row-major whatever its strides, in pieces that are valid until the next is asked for.
 * A contiguous tensor streams through; for another, the part of its storage that it spans is held in memory.
 * @throws CocaError `bad-checkpoint`, `unreadable`
 */
export async function* tensorBytes(file: RegularFile, weight: TorchWeight): AsyncGenerator<Uint8Array, void> {
  const size = bytesPerElement(weight.dtype);
  const count = weight.shape.reduce((product, dimension) => product * dimension, 1);
  if (count === 0) return;
  const offset = weight.storage.offset + weight.first * size;
  if (isContiguous(weight)) {
    yield* file.chunks(offset, count * size);
    return;
  }
  const span = 1 + weight.shape.reduce((sum, dimension, i) => sum + (dimension - 1) * weight.strides[i]!, 0);
  if (span * size > MAX_SPAN_BYTES) {
    throw badCheckpoint(
      file.path,
      `tensor ${quote(weight.name)}: its elements lie scattered over ${span * size} bytes`,
      'save it again from PyTorch with contiguous() tensors',
    );
  }
  yield* gather(await file.read(offset, span * size), size, weight.shape, weight.strides, count);
}

function isContiguous({ shape, strides }: TorchWeight): boolean {
  let expected = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    // The stride of a dimension of one is never used.
    if (shape[i] !== 1 && strides[i] !== expected) return false;
    expected *= shape[i]!;
  }
  return true;
}

/** Copies the elements one by one in row-major order. */
function* gather(
  source: Uint8Array<ArrayBuffer>,
  size: number,
  shape: readonly number[],
  strides: readonly number[],
  count: number,
): Generator<Uint8Array, void> {
  const out = new Uint8Array(Math.min(CHUNK_BYTES, count * size));
  const index = shape.map(() => 0);
  let from = 0;
  let filled = 0;
  for (let done = 0; done < count; done++) {
    const at = from * size;
    for (let byte = 0; byte < size; byte++) out[filled + byte] = source[at + byte]!;
    filled += size;
    if (filled === out.length) {
      yield out;
      filled = 0;
    }
    for (let d = shape.length - 1; d >= 0; d--) {
      from += strides[d]!;
      if (++index[d]! < shape[d]!) break;
      from -= strides[d]! * shape[d]!;
      index[d] = 0;
    }
  }
  if (filled > 0) yield out.subarray(0, filled);
}
