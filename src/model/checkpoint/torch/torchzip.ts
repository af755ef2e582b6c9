import type { RegularFile } from '../../base/regular-file.js';
import { badCheckpoint, quote } from '../problem.js';
import { readStateDict } from './torch-pickle.js';
import type { TorchWeight } from './weight.js';
import { readEntry, requireStored, type ZipArchive } from './zip.js';

/** A training checkpoint of a thousand parameters and their optimizer has well under 1 MB. */
const MAX_PICKLE_BYTES = 16 * 1024 * 1024;

/**
 * Reads which tensors an archive of torch.save (PyTorch 1.6 and later) holds and where; no weights yet.
 * @throws CocaError `bad-checkpoint`: a broken or hostile archive or pickle, TorchScript, a storage that is missing or
 *   has another length than the pickle declares, big-endian data.
 */
export async function readTorchWeights(file: RegularFile, archive: ZipArchive): Promise<readonly TorchWeight[]> {
  const root = findRoot(file.path, archive);
  requireStored(file.path, archive);
  await requireLittleEndian(file, archive, root);
  const pickle = archive.entries.get(`${root}data.pkl`)!;
  const bytes = await readEntry(file, pickle, MAX_PICKLE_BYTES);
  const weights: TorchWeight[] = [];
  for (const [name, { storage, first, shape, strides }] of readStateDict(`${file.path}: data.pkl`, bytes)) {
    const entry = archive.entries.get(`${root}data/${storage.key}`);
    const refuse = (reason: string) =>
      badCheckpoint(file.path, `tensor ${quote(name)}: ${reason}`, 'download it again');
    if (entry === undefined) throw refuse(`its storage data/${quote(storage.key)} is missing`);
    if (entry.size !== storage.byteLength) {
      throw refuse(`its storage has ${entry.size} bytes, ${storage.byteLength} are declared`);
    }
    weights.push({ name, dtype: storage.dtype, shape, strides, first, storage: entry });
  }
  return weights;
}

/** The folder, with its slash, that all of the archive lies in: the one that has data.pkl. */
function findRoot(path: string, { entries }: ZipArchive): string {
  const roots: string[] = [];
  for (const name of entries.keys()) {
    if (name === 'data.pkl' || name.endsWith('/data.pkl')) roots.push(name.slice(0, -'data.pkl'.length));
  }
  const [root] = roots;
  if (root === undefined) {
    throw badCheckpoint(path, 'a zip archive without data.pkl: nothing that torch.save wrote', 'name a weights file');
  }
  if (roots.length > 1) throw badCheckpoint(path, `${roots.length} entries called data.pkl in one archive`);
  const isScript = (name: string) => name === `${root}constants.pkl` || name.startsWith(`${root}code/`);
  if ([...entries.keys()].some(isScript)) {
    throw badCheckpoint(
      path,
      'a TorchScript program, not a state dict',
      'if you trust it, take its weights out once with PyTorch: ' +
        "python -c \"import torch; torch.save(torch.jit.load('OLD', map_location='cpu').state_dict(), 'NEW.pt')\"",
    );
  }
  return root;
}

async function requireLittleEndian(file: RegularFile, { entries }: ZipArchive, root: string): Promise<void> {
  // Archives older than PyTorch 2.1 do not say; they are little-endian wherever CLIP models were trained.
  const entry = entries.get(`${root}byteorder`);
  if (entry === undefined) return;
  const order = Buffer.from(await readEntry(file, entry, 16)).toString('latin1');
  if (order === 'little') return;
  throw badCheckpoint(file.path, `its byte order is ${quote(order)}`, 'save it again on a little-endian machine');
}
