import type { RegularFile } from '../../base/regular-file.js';
import { HEAD_BYTES, recognise } from '../foreign.js';
import { readTorchStream } from './stream.js';
import { readTorchWeights } from './torchzip.js';
import type { TorchWeight } from './weight.js';
import { readZip } from './zip.js';

/** The two forms of what torch.save writes: an archive, and before PyTorch 1.6 a stream of pickles. */
type TorchForm = 'zip' | 'pickle';

/** How much of a stream tells it from another of the same size and time. */
const IDENTITY_BYTES = 64 * 1024;

/** Which form a file has, whatever its name; undefined where it is none of torch.save's. */
export async function torchForm(file: RegularFile): Promise<TorchForm | undefined> {
  const kind = recognise(await file.read(0, Math.min(HEAD_BYTES, file.size)))?.kind;
  return kind === 'zip' || kind === 'pickle' ? kind : undefined;
}

/** A file of torch.save, before its pickle is read. */
export interface TorchFile {
  /** Tells its contents from those of another file of the same size and time. */
  readonly identity: Uint8Array;
  /** @throws CocaError `bad-checkpoint` */
  weights(): Promise<readonly TorchWeight[]>;
}

/** @throws CocaError `bad-checkpoint` for a broken or hostile file */
export async function openTorchFile(file: RegularFile, form: TorchForm): Promise<TorchFile> {
  if (form === 'pickle') {
    const identity = await file.read(0, Math.min(IDENTITY_BYTES, file.size));
    return { identity, weights: () => readTorchStream(file) };
  }
  const archive = await readZip(file);
  return { identity: archive.directory, weights: () => readTorchWeights(file, archive) };
}
