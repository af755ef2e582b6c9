import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CocaError } from '../base/errors.js';
import { fileError } from '../base/regular-file.js';
import { badCheckpoint } from './problem.js';

/** The names that weights go by, the better first. */
const PREFERRED = ['open_clip_model.safetensors', 'open_clip_pytorch_model.bin', 'model.safetensors'];

/** What else may hold weights, where there is just one such file; the better first. */
const EXTENSIONS = [/\.safetensors$/i, /\.(bin|pt|pth)$/i];

/** What a folder of training checkpoints calls its newest one. */
export const LATEST = 'latest';

const SHARD_INDEX = /\.(safetensors|bin)\.index\.json$/i;

/**
 * The file of weights that `path` means: `path` itself, or the one in the folder `path`. Prefers
 * open_clip_model.safetensors, open_clip_pytorch_model.bin, model.safetensors, then of OpenCLIP's epoch_*.pt the latest, then a
 * *.safetensors, then a *.bin, *.pt or *.pth that is the only one of its kind. Of a training run's folder it is the newest checkpoint.
 * @throws CocaError `not-found` naming what was looked for; `bad-checkpoint` for weights in several files; `unreadable`.
 */
export async function weightsFile(path: string): Promise<string> {
  let names: string[];
  try {
    if (!(await stat(path)).isDirectory()) {
      if (SHARD_INDEX.test(path)) throw sharded(path);
      return path;
    }
    names = (await readdir(path)).sort();
  } catch (error) {
    throw fileError(path, error);
  }
  if (names.includes(LATEST) && !names.some((name) => PREFERRED.includes(name))) return weightsFile(join(path, LATEST));
  return join(path, chooseWeights(path, names));
}

/**
 * Which of the names in a folder (or in a repository, as `where` says) are the weights; the rule is that of
 * `weightsFile`.
 * @throws CocaError as `weightsFile`
 */
export function chooseWeights(where: string, names: readonly string[]): string {
  const preferred = PREFERRED.find((name) => names.includes(name));
  if (preferred !== undefined) return preferred;
  const index = names.find((name) => SHARD_INDEX.test(name));
  if (index !== undefined) throw sharded(join(where, index));
  const epoch = newestEpoch(names);
  if (epoch !== undefined) return epoch;
  for (const extension of EXTENSIONS) {
    const found = names.filter((name) => extension.test(name));
    if (found.length === 1) return found[0]!;
    if (found.length > 1) {
      const shown = found.slice(0, 4).join(', ') + (found.length > 4 ? ` and ${found.length - 4} more` : '');
      throw new CocaError('not-found', `${where}: several files could be the weights: ${shown}`, 'name one of them');
    }
  }
  throw new CocaError(
    'not-found',
    `${where}: no weights in this folder (looked for ${PREFERRED.join(', ')}, and a *.safetensors, *.bin, *.pt or *.pth)`,
    'name the weights file, or a folder that has one',
  );
}

/** What OpenCLIP's training calls its checkpoints. */
const EPOCH = /^epoch_(?<number>\d+|latest)\.(pt|pth|bin|safetensors)$/;

/** Of the checkpoints that OpenCLIP's training left, the one that it calls the latest, else that of the last epoch. */
function newestEpoch(names: readonly string[]): string | undefined {
  const orderOf = (name: string): number => {
    const number = EPOCH.exec(name)?.groups?.number;
    if (number === undefined) return -1;
    return number === 'latest' ? Number.POSITIVE_INFINITY : Number(number);
  };
  const newest = names.reduce((best, name) => (orderOf(name) > orderOf(best) ? name : best), '');
  return newest === '' ? undefined : newest;
}

/**
 * Which of several epochs was taken, for a person; undefined where there was nothing to choose.
 * @param path what was asked for
 * @param weights what `weightsFile` made of it
 */
export async function chosenEpoch(path: string, weights: string): Promise<string | undefined> {
  if (path === weights || !EPOCH.test(basename(weights))) return undefined;
  const epochs = (await readdir(dirname(weights))).filter((name) => EPOCH.test(name));
  return epochs.length < 2 ? undefined : `${basename(weights)} is taken, of ${epochs.length} epochs in ${path}`;
}

function sharded(index: string): CocaError {
  return badCheckpoint(
    index,
    'the weights are sharded (split over several files), which is not supported',
    'save them as one file: safetensors.torch.save_file of the whole state dict',
  );
}
