import { createHash } from 'node:crypto';
import { stat, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CocaError } from '../base/errors.js';
import { derivedFiles, derivedName, openUsable, prepareCache } from '../checkpoint/derived.js';
import {
  calledBy,
  openSafetensors,
  readTensor,
  type SafetensorsFile,
  type TensorEntry,
  type TensorToWrite,
  weightsFingerprint,
  writeSafetensors,
} from '../checkpoint/index.js';
import { blocksOf, quantise, transposed } from './blocks.js';
import { BLOCK } from './precision.js';

/** Part of every cached name: raised when what is written changes. */
const VERSION = 1;

/**
 * When a finished file says it was changed, in seconds: who writes to it later sets another time, so that a file that is
 * no longer what was written is known without reading it.
 */
const SEALED = 1_000_000_000;

/** Projections that a checkpoint keeps as [in, out], and the network multiplies from the right. */
const IN_OUT = /^(visual\.proj|text(_decoder)?\.text_projection)$/;
/** Matrices of linear layers, [out, in]. */
const OUT_IN = /(_proj_weight|\.(c_fc|c_proj|out_proj|q|kv|text_projection)\.weight)$/;

/** Whether a tensor is one of the large matrices that activations are multiplied with. */
export const isProduct = (name: string, { shape }: Pick<TensorEntry, 'shape'>): boolean =>
  shape.length === 2 && (OUT_IN.test(name) || IN_OUT.test(name));

/** What a quantised checkpoint calls the parts of a matrix. */
export const quantsName = (name: string): string => `${name}.quants`;
export const scalesName = (name: string): string => `${name}.scales`;

/**
 * The checkpoint with its large matrices quantised, from a file in `cacheDir`, which is written at the first call: for
 * `name` of a matrix `quantsName` (U8 [N, blocks, BLOCK]) and `scalesName` (F32 [N, blocks]), for every other tensor
 * what the checkpoint has, halves widened. It is found again by what tells the weights from others.
 * @param onMake told, and waited for, before a file is made, with the reason where an earlier one is of no use
 * @throws CocaError `write-failed` where the cache cannot be written; `bad-checkpoint` for weights that are not finite;
 *   `not-found`, `unreadable`
 */
export async function quantisedCheckpoint(
  checkpoint: SafetensorsFile,
  cacheDir: string,
  onMake: (reason: string | undefined) => unknown = () => undefined,
): Promise<SafetensorsFile> {
  const path = await quantisedPath(checkpoint, cacheDir);
  let file = await openAsWritten(path);
  if (typeof file === 'string') {
    await onMake(file === 'missing' ? undefined : `${path} ${file}`);
    await prepareCache(cacheDir, basename(path), 'quantised weights');
    await write(path, checkpoint);
    await utimes(path, SEALED, SEALED);
    file = await openSafetensors(path);
  }
  return { ...file, given: calledBy(checkpoint) };
}

/** The files of a cache that were quantised from a file of weights. */
export async function quantisedFilesOf(weights: string, cacheDir: string): Promise<string[]> {
  return derivedFiles(await weightsFingerprint(weights), cacheDir);
}

/** Where the quantised form of a checkpoint is, or would be. */
async function quantisedPath({ path, given = path, tensors }: SafetensorsFile, cacheDir: string): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([VERSION, BLOCK]));
  for (const [name, { dtype, shape, values }] of tensors) {
    hash.update(JSON.stringify([name, dtype, shape]));
    // Not of the file: as a config wants it.
    if (values) hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return join(cacheDir, derivedName(await weightsFingerprint(given), `${hash.digest('hex').slice(0, 8)}-int8`));
}

/** A quantised file that is as it was written, or why it is of no use. */
export async function openAsWritten(path: string): Promise<SafetensorsFile | 'missing' | 'was cut' | 'was changed'> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats) return 'missing';
  const file = await openUsable(path);
  if (file === undefined) return 'was cut';
  return Math.round(stats.mtimeMs / 1000) === SEALED ? file : 'was changed';
}

async function write(path: string, checkpoint: SafetensorsFile): Promise<void> {
  const tensors = [...checkpoint.tensors].flatMap(([name, entry]) =>
    isProduct(name, entry) ? quantisedTensors(checkpoint, name, entry) : [copied(checkpoint, name, entry)],
  );
  await writeSafetensors(path, tensors, { format: 'coca', precision: 'int8', source: basename(calledBy(checkpoint)) });
}

function copied(checkpoint: SafetensorsFile, name: string, { shape }: TensorEntry): TensorToWrite {
  return { name, dtype: 'F32', shape, data: bytesOf(async () => readTensor(checkpoint, name)) };
}

function quantisedTensors(checkpoint: SafetensorsFile, name: string, { shape }: TensorEntry): TensorToWrite[] {
  const [first, second] = shape as [number, number];
  const isInOut = IN_OUT.test(name);
  const [rows, columns] = isInOut ? [second, first] : [first, second];
  // The scales of all matrices are written before any quants: each matrix is read and rounded twice, and none is kept.
  const matrix = async () => {
    const values = await readTensor(checkpoint, name);
    const made = quantise(isInOut ? transposed(values, first, second) : values, rows, columns);
    // The scale of a block is not finite where one of its weights is not.
    if (!made.scales.every(Number.isFinite)) {
      throw new CocaError(
        'bad-checkpoint',
        `${calledBy(checkpoint)}: tensor "${name}" has NaN or infinite values`,
        'fetch or convert the weights again',
      );
    }
    return made;
  };
  const blocks = blocksOf(columns);
  return [
    {
      name: quantsName(name),
      dtype: 'U8',
      shape: [rows, blocks, BLOCK],
      data: bytesOf(async () => (await matrix()).quants),
    },
    { name: scalesName(name), dtype: 'F32', shape: [rows, blocks], data: bytesOf(async () => (await matrix()).scales) },
  ];
}

/** The bytes of an array that is made when they are asked for. */
async function* bytesOf(make: () => Promise<Float32Array | Uint8Array>): AsyncGenerator<Uint8Array> {
  const { buffer, byteOffset, byteLength } = await make();
  yield new Uint8Array(buffer, byteOffset, byteLength);
}
