import { realpath } from 'node:fs/promises';
import { RegularFile } from '../base/regular-file.js';
import { withoutPrefix } from './prefix.js';
import { openSafetensors, type SafetensorsFile } from './safetensors.js';
import { isZip } from './tensor-list.js';
import { convertTorchCheckpoint } from './torch/convert.js';

export { weightsFingerprint } from './fingerprint.js';
export { calledBy } from './problem.js';
export {
  type Dtype,
  encodeF16,
  firstNonFinite,
  openSafetensors,
  readTensor,
  type SafetensorsFile,
  type TensorEntry,
  type TensorToWrite,
  type WeightDtype,
  writeSafetensors,
} from './safetensors.js';
export { checkShapes } from './shapes.js';
export { listTensors, type TensorList } from './tensor-list.js';
export { convertedPath, convertTorchCheckpoint } from './torch/convert.js';
export { LATEST, weightsFile } from './weights-file.js';

export interface CheckpointOptions {
  /** Where torch.save archives are converted to safetensors, once each. Made when needed. */
  readonly cacheDir: string;
}

/**
 * Opens a file of weights by what is in it, whatever its name: safetensors as it is, a torch.save archive through its
 * conversion in `cacheDir`. What a wrapper put before every name is taken off.
 * @throws CocaError `bad-checkpoint` with what the file is instead, or what is wrong with it; `not-found`, `unreadable`,
 *   `write-failed`.
 */
export async function openCheckpoint(path: string, { cacheDir }: CheckpointOptions): Promise<SafetensorsFile> {
  const isZip = await startsAsZip(path);
  const file = await openSafetensors(isZip ? await convertTorchCheckpoint(path, cacheDir) : path);
  // Engines refuse to follow links out of a folder.
  return withoutPrefix({ ...file, path: await realpath(file.path), given: path });
}

async function startsAsZip(path: string): Promise<boolean> {
  const file = await RegularFile.open(path);
  try {
    return await isZip(file);
  } finally {
    await file.close();
  }
}
