import { RegularFile } from '../base/regular-file.js';
import type { Dtype } from './dtype.js';
import { type Spelling, underModelNames } from './names.js';
import { openSafetensors } from './safetensors.js';
import { openTorchFile, torchForm } from './torch/open.js';

/** Which tensors a file holds. */
export interface TensorList {
  readonly path: string;
  /** The file that was given, where `path` is its conversion or where its links lead: what errors call it. */
  readonly given?: string;
  /** By the names that the network asks for. */
  readonly tensors: ReadonlyMap<string, { readonly dtype: Dtype; readonly shape: readonly number[] }>;
  /** How the file spells these names; as they stand where it is left out. */
  readonly spelling?: Spelling;
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
    const form = await torchForm(file);
    if (form === undefined) return { ...underModelNames(await openSafetensors(path)), format: 'safetensors' };
    const weights = await (await openTorchFile(file, form)).weights();
    const tensors = new Map(weights.map(({ name, dtype, shape }) => [name, { dtype, shape }]));
    return { ...underModelNames({ path, tensors }), format: 'torch', size: file.size };
  } finally {
    await file.close();
  }
}
