import type { Dtype } from './dtype.js';
import { HEAD_BYTES, recognise } from './foreign.js';
import { RegularFile } from './regular-file.js';
import { openSafetensors } from './safetensors.js';
import { readTorchWeights } from './torchzip.js';
import { readZip } from './zip.js';

/** Which tensors a file holds. */
export interface TensorList {
  readonly path: string;
  readonly tensors: ReadonlyMap<string, { readonly dtype: Dtype; readonly shape: readonly number[] }>;
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
    if (!(await isZip(file))) return { ...(await openSafetensors(path)), format: 'safetensors' };
    const weights = await readTorchWeights(file, await readZip(file));
    const tensors = new Map(weights.map(({ name, dtype, shape }) => [name, { dtype, shape }]));
    return { path, tensors, format: 'torch', size: file.size };
  } finally {
    await file.close();
  }
}

/** Whether a file is a zip archive, as torch.save writes, whatever its name. */
export async function isZip(file: RegularFile): Promise<boolean> {
  return recognise(await file.read(0, Math.min(HEAD_BYTES, file.size)))?.kind === 'zip';
}
