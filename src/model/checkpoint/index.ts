import { realpath } from 'node:fs/promises';
import { RegularFile } from '../base/regular-file.js';
import { underModelNames } from './names.js';
import { openSafetensors, type SafetensorsFile } from './safetensors.js';
import { convertDoubles, convertTorchCheckpoint } from './torch/convert.js';
import { torchForm } from './torch/open.js';

export { weightsFingerprint } from './fingerprint.js';
export { nameInFile, PLAIN, type Spelling } from './names.js';
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
export { chosenEpoch, LATEST, weightsFile } from './weights-file.js';

export interface CheckpointOptions {
  /** Where torch.save archives are converted to safetensors, once each. Made when needed. */
  readonly cacheDir: string;
}

/**
 * Opens a file of weights by what is in it, whatever its name: safetensors as it is, what torch.save wrote, and double precision, through its
 * conversion in `cacheDir`. Its tensors get the names that the network asks for.
 * @throws CocaError `bad-checkpoint` with what the file is instead, or what is wrong with it; `not-found`, `unreadable`,
 *   `write-failed`.
 */
export async function openCheckpoint(path: string, { cacheDir }: CheckpointOptions): Promise<SafetensorsFile> {
  const file = await openSafetensors((await isTorchFile(path)) ? await convertTorchCheckpoint(path, cacheDir) : path);
  const hasDoubles = [...file.tensors.values()].some(({ dtype }) => dtype === 'F64');
  const single = hasDoubles ? await openSafetensors(await convertDoubles(file, cacheDir)) : file;
  // Engines refuse to follow links out of a folder.
  return underModelNames({ ...single, path: await realpath(single.path), given: path });
}

async function isTorchFile(path: string): Promise<boolean> {
  const file = await RegularFile.open(path);
  try {
    return (await torchForm(file)) !== undefined;
  } finally {
    await file.close();
  }
}
