import { RegularFile } from '../base/regular-file.js';
import type { Dtype } from './dtype.js';
import { HEAD_BYTES, recognise } from './foreign.js';
import { withoutPrefix } from './prefix.js';
import { openSafetensors } from './safetensors.js';
import { readTorchWeights } from './torch/torchzip.js';
import { readZip } from './torch/zip.js';

/** Which tensors a file holds. */
export interface TensorList {
  readonly path: string;
  /** The file that was given, where `path` is its conversion or where its links lead: what errors call it. */
  readonly given?: string;
  /** By the names that the model gives them. */
  readonly tensors: ReadonlyMap<string, { readonly dtype: Dtype; readonly shape: readonly number[] }>;
  /** What the file has before each of these names; nothing where it is left out. */
  readonly prefix?: string;
}

/**
 * Which tensors a file of weights holds, without reading, or converting, any of them.
 * @throws CocaError as `openCheckpoint`
 */
export async function listTensors(
  path: string,
): Promise<TensorList & { readonly format: 'safetensors' | 'torch'; readonly size: number }> {
  const file = await RegularFile.open(path);
  try {
    if (!(await isZip(file))) return { ...withoutPrefix(await openSafetensors(path)), format: 'safetensors' };
    const weights = await readTorchWeights(file, await readZip(file));
    const tensors = new Map(weights.map(({ name, dtype, shape }) => [name, { dtype, shape }]));
    return { ...withoutPrefix({ path, tensors }), format: 'torch', size: file.size };
  } finally {
    await file.close();
  }
}

/** Whether a file is a zip archive, as torch.save writes, whatever its name. */
export async function isZip(file: RegularFile): Promise<boolean> {
  return recognise(await file.read(0, Math.min(HEAD_BYTES, file.size)))?.kind === 'zip';
}
