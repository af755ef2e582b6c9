import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CocaError } from '../../base/errors.js';
import { fileError, RegularFile } from '../../base/regular-file.js';
import { openUsable, prepareCache } from '../derived.js';
import { roundedToSingle } from '../double.js';
import { bytesPerElement } from '../dtype.js';
import { badCheckpoint } from '../problem.js';
import { openSafetensors, type SafetensorsFile } from '../safetensors.js';
import { type TensorToWrite, writeSafetensors } from '../safetensors-write.js';
import { tensorBytes } from './gather.js';
import { openTorchFile, torchForm } from './open.js';
import type { StoredBytes, TorchWeight } from './weight.js';
import { verifyEntry } from './zip.js';

/** Part of every cached name: raised when what is written changes, so that older conversions are not taken up. */
const CONVERSION = 3;

/** Shared storages are written once for each tensor on them. Beyond this much growth that is no longer sharing. */
const MAX_GROWTH = 4;

/**
 * The path of a safetensors file in `cacheDir` with the weights of a file of torch.save, bit for bit but for doubles, which are
 * rounded to single precision, as PyTorch loads them into a model. Written at the
 * first call, one tensor at a time; later calls find it by the file's path, size, time and what tells its contents.
 * Processes that convert the same archive at once each write their own and rename it: whichever is last stays.
 * @throws CocaError `bad-checkpoint` for a broken or hostile archive (before anything is written, but for checksums of
 *   weights); `not-found`, `unreadable`; `write-failed` where the cache cannot be written.
 */
export async function convertTorchCheckpoint(path: string, cacheDir: string): Promise<string> {
  const file = await RegularFile.open(path);
  try {
    const source = await openTorchFile(file, (await torchForm(file)) ?? 'zip');
    const name = await nameOf(file, source.identity);
    const target = join(cacheDir, name);
    if (await openUsable(target)) return target;
    const weights = await source.weights();
    checkGrowth(file, weights);
    await prepareCache(cacheDir, name, 'converted checkpoints');
    await writeSafetensors(target, tensorsOf(file, weights), { format: 'pt', source: basename(path) });
    return target;
  } finally {
    await file.close();
  }
}

/**
 * The path of a safetensors file in `cacheDir` with the same tensors, doubles rounded to single precision. Written at the first call.
 * @throws CocaError as `convertTorchCheckpoint`
 */
export async function convertDoubles(source: SafetensorsFile, cacheDir: string): Promise<string> {
  const file = await RegularFile.open(source.path);
  try {
    const name = await nameOfSingles(source, file);
    const target = join(cacheDir, name);
    if (await openUsable(target)) return target;
    await prepareCache(cacheDir, name, 'converted checkpoints');
    const tensors = [...source.tensors.values()].map(({ name, dtype, shape, offset, byteLength }): TensorToWrite => {
      const bytes = file.chunks(offset, byteLength);
      return {
        name,
        dtype: dtype === 'F64' ? 'F32' : dtype,
        shape,
        data: dtype === 'F64' ? roundedToSingle(bytes) : bytes,
      };
    });
    await writeSafetensors(target, tensors, { ...Object.fromEntries(source.metadata), source: basename(source.path) });
    return target;
  } finally {
    await file.close();
  }
}

/**
 * Where the conversion of a file of weights is, or would be: of torch.save, or of safetensors with doubles.
 * @throws CocaError `bad-checkpoint`, `not-found`, `unreadable`
 */
export async function convertedPath(path: string, cacheDir: string): Promise<string> {
  const file = await RegularFile.open(path);
  try {
    const form = await torchForm(file);
    const name = form
      ? await nameOf(file, (await openTorchFile(file, form)).identity)
      : await nameOfSingles(await openSafetensors(path), file);
    return join(cacheDir, name);
  } finally {
    await file.close();
  }
}

const nameOfSingles = ({ tensors }: SafetensorsFile, file: RegularFile): Promise<string> =>
  nameOf(file, Buffer.from(JSON.stringify([...tensors.values()])));

async function nameOf(file: RegularFile, contents: Uint8Array): Promise<string> {
  const path = await realpath(file.path).catch((error) => {
    throw fileError(file.path, error);
  });
  const identity = JSON.stringify([CONVERSION, path, file.size, String(file.mtimeNs)]);
  const digest = createHash('sha256').update(identity).update('\n').update(contents).digest('hex');
  return `${digest.slice(0, 32)}.safetensors`;
}

function checkGrowth(file: RegularFile, weights: readonly TorchWeight[]): void {
  let bytes = 0;
  for (const { shape, dtype } of weights) {
    bytes += shape.reduce((product, dimension) => product * dimension, 1) * bytesPerElement(dtype);
  }
  if (bytes > MAX_GROWTH * file.size) {
    throw badCheckpoint(file.path, `its ${file.size} bytes would become ${bytes}: storages shared beyond reason`);
  }
}

function tensorsOf(file: RegularFile, weights: readonly TorchWeight[]): TensorToWrite[] {
  const verified = new Set<StoredBytes>();
  return weights.map((weight) => ({
    name: weight.name,
    dtype: weight.dtype === 'F64' ? 'F32' : weight.dtype,
    shape: weight.shape,
    data: (async function* () {
      const { storage } = weight;
      // Read twice, the second time from the system's cache: a tensor may be any part of its storage.
      if ('crc32' in storage && !verified.has(storage)) await verifyEntry(file, storage);
      verified.add(storage);
      const bytes = tensorBytes(file, weight);
      yield* weight.dtype === 'F64' ? roundedToSingle(bytes) : bytes;
      if (await file.hasChanged()) {
        throw new CocaError('unreadable', `${file.path}: changed while it was read`, 'try again once it is whole');
      }
    })(),
  }));
}
