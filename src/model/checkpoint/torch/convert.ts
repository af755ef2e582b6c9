import { createHash } from 'node:crypto';
import { readdir, realpath, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CocaError } from '../../base/errors.js';
import { exists, makeFolder } from '../../base/folders.js';
import { fileError, RegularFile } from '../../base/regular-file.js';
import { ABANDONED_MS, finalNameOf } from '../../base/whole-file.js';
import { bytesPerElement } from '../dtype.js';
import { badCheckpoint } from '../problem.js';
import { openSafetensors } from '../safetensors.js';
import { type TensorToWrite, writeSafetensors } from '../safetensors-write.js';
import { tensorBytes } from './gather.js';
import { readTorchWeights, type TorchWeight } from './torchzip.js';
import { readZip, verifyEntry, type ZipArchive, type ZipEntry } from './zip.js';

/** Part of every cached name: raised when what is written changes, so that older conversions are not taken up. */
const CONVERSION = 2;

/** Shared storages are written once for each tensor on them. Beyond this much growth that is no longer sharing. */
const MAX_GROWTH = 4;

/**
 * The path of a safetensors file in `cacheDir` with the weights of a torch.save archive, bit for bit. Written at the
 * first call, one tensor at a time; later calls find it by the archive's path, size, time and the checksums in it.
 * Processes that convert the same archive at once each write their own and rename it: whichever is last stays.
 * @throws CocaError `bad-checkpoint` for a broken or hostile archive (before anything is written, but for checksums of
 *   weights); `not-found`, `unreadable`; `write-failed` where the cache cannot be written.
 */
export async function convertTorchCheckpoint(path: string, cacheDir: string): Promise<string> {
  const file = await RegularFile.open(path);
  try {
    const archive = await readZip(file);
    const name = await nameOf(file, archive);
    const target = join(cacheDir, name);
    if (await isUsable(target)) return target;
    const weights = await readTorchWeights(file, archive);
    checkGrowth(file, weights);
    await prepare(cacheDir, name);
    await writeSafetensors(target, tensorsOf(file, weights), { format: 'pt', source: basename(path) });
    return target;
  } finally {
    await file.close();
  }
}

/**
 * Where the conversion of a torch.save archive is, or would be.
 * @throws CocaError `bad-checkpoint`, `not-found`, `unreadable`
 */
export async function convertedPath(path: string, cacheDir: string): Promise<string> {
  const file = await RegularFile.open(path);
  try {
    return join(cacheDir, await nameOf(file, await readZip(file)));
  } finally {
    await file.close();
  }
}

async function nameOf(file: RegularFile, archive: ZipArchive): Promise<string> {
  const path = await realpath(file.path).catch((error) => {
    throw fileError(file.path, error);
  });
  const identity = JSON.stringify([CONVERSION, path, file.size, String(file.mtimeNs)]);
  const digest = createHash('sha256').update(identity).update('\n').update(archive.directory).digest('hex');
  return `${digest.slice(0, 32)}.safetensors`;
}

/** Whether a cached conversion is there and whole. One that is not (a disk that failed) is made anew. */
async function isUsable(target: string): Promise<boolean> {
  try {
    await openSafetensors(target);
    return true;
  } catch (error) {
    if (error instanceof CocaError && (error.code === 'not-found' || error.code === 'bad-checkpoint')) return false;
    throw error;
  }
}

async function prepare(cacheDir: string, name: string): Promise<void> {
  try {
    await makeFolder(cacheDir);
    for (const other of await readdir(cacheDir)) {
      if (finalNameOf(other) !== name) continue;
      const abandoned = join(cacheDir, other);
      const age = Date.now() - (await stat(abandoned)).mtimeMs;
      if (age > ABANDONED_MS) await rm(abandoned, { force: true });
    }
  } catch (cause) {
    // Another process may have finished and renamed its temporary file between the two calls.
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' && (await exists(cacheDir))) return;
    const reason = `${cacheDir}: the cache of converted checkpoints cannot be used (${code ?? message})`;
    throw new CocaError('write-failed', reason, 'check that the folder is writable', { cause });
  }
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
  const verified = new Set<ZipEntry>();
  return weights.map((weight) => ({
    name: weight.name,
    dtype: weight.dtype,
    shape: weight.shape,
    data: (async function* () {
      // Read twice, the second time from the system's cache: a tensor may be any part of its storage.
      if (!verified.has(weight.storage)) await verifyEntry(file, weight.storage);
      verified.add(weight.storage);
      yield* tensorBytes(file, weight);
      if (await file.hasChanged()) {
        throw new CocaError('unreadable', `${file.path}: changed while it was read`, 'try again once it is whole');
      }
    })(),
  }));
}
