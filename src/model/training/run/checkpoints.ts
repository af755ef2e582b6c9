import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CocaError } from '../../base/errors.js';
import { decodeText } from '../../base/text-decoding.js';
import { orWriteFailed, syncDirectory, writeWhole } from '../../base/whole-file.js';
import { LATEST, type TensorToWrite, writeSafetensors } from '../../checkpoint/index.js';
import { type OrderState, readOrderState } from '../../data/index.js';
import { hashFile } from '../../hub/hash.js';
import { CLASSIFIER_FILE, classifierMetadata } from '../../store/classifier.js';
import { CONFIG_FILE, WEIGHTS_FILE } from '../../store/model-files.js';
import { parseSettings, type TrainingSettings } from './settings.js';

/**
 * Checkpoints of a run, each a folder of its own that OpenCLIP reads as a model:
 *
 *     step-00001200/  open_clip_config.json, open_clip_model.safetensors, tokenizer.json where the model has one;
 *                     ema.safetensors where a running mean is kept; classifier.safetensors where one is trained;
 *                     training-state.safetensors: parameters and moments; training.json: all else, written last
 *     latest          a link to the newest
 *
 * A folder gets its name by a rename, once everything in it is on disk: what has the name is whole, unless the disk
 * harmed it later, which the hashes in training.json tell.
 */

export const STATE_FILE = 'training-state.safetensors';
export const PROGRESS_FILE = 'training.json';
/** Weights as those of the model, of their running mean. */
export const AVERAGE_FILE = 'ema.safetensors';

const VERSION = 1;
const NAME = /^step-(\d{8,})$/;
/** A checkpoint that is being written or removed. */
const TEMPORARY = /^\.step-\d+\.\w+\.tmp$/;

/** What of a run is neither a parameter nor a moment. */
export interface TrainingProgress {
  readonly step: number;
  readonly settings: TrainingSettings;
  /** Where the next batch starts. */
  readonly order: OrderState;
  /** What computed: another device rounds otherwise. */
  readonly device: string;
  /** Samples that could not be read, and captions that were cut, so far. */
  readonly skipped: number;
  readonly cut: number;
}

/** A model's files as text, the same in every checkpoint of a run. */
export interface ModelTexts {
  readonly config: string;
  /** Those of a tokenizer of its own, by name. */
  readonly tokenizer: Readonly<Record<string, string>>;
}

export interface CheckpointContent {
  readonly progress: TrainingProgress;
  readonly texts: ModelTexts;
  readonly model: readonly TensorToWrite[];
  /** The model with the running mean of its weights; nothing where none is kept. */
  readonly average: readonly TensorToWrite[];
  /** Of `settings.classes`; nothing where no classifier is trained. */
  readonly classifier: readonly TensorToWrite[];
  readonly state: { readonly tensors: readonly TensorToWrite[]; readonly metadata: Readonly<Record<string, string>> };
}

interface FileFacts {
  readonly bytes: number;
  readonly sha256: string;
}

/** A checkpoint that was looked at from end to end. */
export interface OpenCheckpoint {
  readonly folder: string;
  readonly progress: TrainingProgress;
}

/**
 * Writes a checkpoint whole or not at all, makes it the latest, and removes all but the `keep` newest.
 * @returns its folder
 * @throws CocaError `write-failed`, with every earlier checkpoint as it was
 */
export async function writeCheckpoint(run: string, content: CheckpointContent, keep: number): Promise<string> {
  const { step } = content.progress;
  const name = `step-${String(step).padStart(8, '0')}`;
  const folder = join(run, name);
  const temporary = join(run, `.step-${step}.new.tmp`);
  try {
    await rm(temporary, { recursive: true, force: true });
    await orWriteFailed(temporary, mkdir(temporary));
    await fill(temporary, content);
    // One of this name is there only when it was harmed: a whole one would have been resumed from.
    await putAway(folder);
    await orWriteFailed(folder, rename(temporary, folder));
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
  await syncDirectory(run);
  await pointTo(run, name);
  for (const old of (await checkpointFolders(run)).filter((other) => other !== folder).slice(keep - 1)) {
    await putAway(old);
  }
  return folder;
}

async function fill(
  folder: string,
  { progress, texts, model, average, classifier, state }: CheckpointContent,
): Promise<void> {
  await writeText(join(folder, CONFIG_FILE), texts.config);
  for (const [name, text] of Object.entries(texts.tokenizer)) await writeText(join(folder, name), text);
  await writeSafetensors(join(folder, WEIGHTS_FILE), model, { format: 'pt' });
  if (average.length > 0) await writeSafetensors(join(folder, AVERAGE_FILE), average, { format: 'pt' });
  const { classes } = progress.settings;
  if (classes) await writeSafetensors(join(folder, CLASSIFIER_FILE), classifier, classifierMetadata(classes));
  await writeSafetensors(join(folder, STATE_FILE), state.tensors, state.metadata);
  const files: Record<string, FileFacts> = {};
  for (const file of (await readdir(folder)).sort()) files[file] = await factsOf(join(folder, file));
  const json = JSON.stringify({ version: VERSION, ...progress, files }, null, 1);
  await writeText(join(folder, PROGRESS_FILE), `${json}\n`);
}

const writeText = (path: string, text: string) => writeWhole(path, (write) => write(Buffer.from(text)));

async function factsOf(path: string): Promise<FileFacts> {
  const { size } = await stat(path);
  const hash = createHash('sha256');
  for await (const _ of hashFile(path, hash, size));
  return { bytes: size, sha256: hash.digest('hex') };
}

/** Removes a folder so that no half of it is ever to be seen under its name. */
async function putAway(folder: string): Promise<void> {
  const away = join(folder, '..', `.${basename(folder)}.old.tmp`);
  await rm(away, { recursive: true, force: true });
  try {
    await rename(folder, away);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  await rm(away, { recursive: true, force: true });
}

async function pointTo(run: string, name: string): Promise<void> {
  const temporary = join(run, `.${LATEST}.tmp`);
  await rm(temporary, { force: true });
  // Where links need a right that one may lack (Windows), this kind needs none.
  await orWriteFailed(join(run, LATEST), symlink(name, temporary, 'junction'));
  await orWriteFailed(join(run, LATEST), rename(temporary, join(run, LATEST)));
}

/** Folders of checkpoints, newest first. */
export async function checkpointFolders(run: string): Promise<string[]> {
  const names = await readdir(run).catch(() => []);
  return names
    .filter((name) => NAME.test(name))
    .sort((a, b) => Number(NAME.exec(b)![1]) - Number(NAME.exec(a)![1]))
    .map((name) => join(run, name));
}

/** Removes what a killed run was in the middle of writing or removing. Only the holder of the lock may. */
export async function removeLeftovers(run: string): Promise<void> {
  for (const name of await readdir(run)) {
    if (TEMPORARY.test(name)) await rm(join(run, name), { recursive: true, force: true });
  }
}

/**
 * The newest checkpoint that is as it was written, and makes it the latest. Newer ones that are not are renamed, for them
 * to be in the way of none. Only the holder of the lock may.
 * @param onHarmed told of each, and why
 * @throws CocaError `not-found` for a run without checkpoints; `bad-checkpoint` where no checkpoint is whole
 */
export async function newestCheckpoint(run: string, onHarmed: (message: string) => void): Promise<OpenCheckpoint> {
  const folders = await checkpointFolders(run);
  const harmed: { readonly folder: string; readonly message: string }[] = [];
  for (const folder of folders) {
    try {
      const progress = await verify(folder);
      for (const other of harmed) onHarmed(await setAside(other.folder, other.message));
      await pointTo(run, basename(folder));
      return { folder, progress };
    } catch (error) {
      if (!(error instanceof CocaError) || error.code !== 'bad-checkpoint') throw error;
      harmed.push({ folder, message: error.message });
    }
  }
  if (folders.length > 0) {
    const reasons = harmed.map(({ message }) => message).join('; ');
    throw new CocaError('bad-checkpoint', `${run}: none of its checkpoints is whole (${reasons})`);
  }
  throw new CocaError('not-found', `${run} holds no checkpoint of a run`, 'name the folder that coca train -o made');
}

async function setAside(folder: string, message: string): Promise<string> {
  const away = `${folder}.harmed`;
  await rm(away, { recursive: true, force: true });
  await orWriteFailed(away, rename(folder, away));
  return `${message}; it is now ${away}`;
}

/**
 * Reads every file once.
 * @throws CocaError `bad-checkpoint` for what is not as it was written
 */
async function verify(folder: string): Promise<TrainingProgress> {
  const path = join(folder, PROGRESS_FILE);
  const refuse = (what: string, cause?: unknown) => new CocaError('bad-checkpoint', what, undefined, { cause });
  let parsed: TrainingProgress & { readonly version: number; readonly files: Readonly<Record<string, FileFacts>> };
  let progress: TrainingProgress;
  try {
    parsed = JSON.parse(decodeText(await readFile(path), path));
    if (parsed.version !== VERSION)
      throw new TypeError(`it is of version ${parsed.version}, this program's is ${VERSION}`);
    const { step, device, skipped, cut } = parsed;
    if (![step, skipped, cut].every((count) => Number.isSafeInteger(count) && count >= 0))
      throw new TypeError('a count is none');
    const [settings, order] = [parseSettings(parsed.settings), readOrderState(parsed.order)];
    progress = { step, settings, order, device: String(device), skipped, cut };
  } catch (cause) {
    throw refuse(`${path} cannot be read (${(cause as Error).message})`, cause);
  }
  for (const name of [CONFIG_FILE, WEIGHTS_FILE, STATE_FILE]) {
    if (!Object.hasOwn(parsed.files ?? {}, name)) throw refuse(`${path} does not tell of ${name}`);
  }
  for (const [name, expected] of Object.entries(parsed.files)) {
    const file = join(folder, basename(name));
    const found = await factsOf(file).catch((cause) => {
      throw refuse(`${file} cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause);
    });
    if (found.bytes !== expected.bytes) throw refuse(`${file} has ${found.bytes} bytes of ${expected.bytes}`);
    if (found.sha256 !== expected.sha256) throw refuse(`${file} is not what was written (its hash differs)`);
  }
  return progress;
}
