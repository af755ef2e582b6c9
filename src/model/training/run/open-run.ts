import { basename, join } from 'node:path';
import { CocaError } from '../../base/errors.js';
import { openSafetensors } from '../../checkpoint/index.js';
import { requireCaptioner } from '../../config/config.js';
import { type ClassNames, classesOf, datasetClasses } from '../../data/classes.js';
import { type Dataset, startOrder } from '../../data/index.js';
import type { TfjsDevice } from '../../engine/engines.js';
import { type ModelFiles, readModel } from '../../store/load.js';
import { Trainer } from '../trainer.js';
import {
  checkpointFolders,
  type ModelTexts,
  newestCheckpoint,
  STATE_FILE,
  type TrainingProgress,
} from './checkpoints.js';
import type { RunControl } from './events.js';
import { type LogEntry, RunLog } from './log.js';
import { isFrozen, objectiveOf, optimizerOf, scheduleOf, type TrainingSettings } from './settings.js';
import { openData, openStart, readTexts, type StartingModel } from './start.js';

/** A run from its beginning. Its length may be told in epochs, and its warm-up be left to it. */
export interface NewRun {
  readonly start: StartingModel;
  readonly settings: Omit<TrainingSettings, 'steps' | 'warmup' | 'classes'> & { readonly warmup?: number };
  readonly length: { readonly steps: number } | { readonly epochs: number };
  /** Trains a classifier; of the classes in a file, or of the labels in the data. */
  readonly classifier?: { readonly file?: string };
}

/** A run that goes on from the newest checkpoint of its folder; with `steps`, to another end. */
export interface ResumedRun {
  readonly steps?: number;
}

/** Everything that a run needs, from wherever it starts. */
export interface OpenRun {
  readonly files: ModelFiles;
  readonly texts: ModelTexts;
  readonly dataset: Dataset;
  /** What is not trained on. */
  readonly validation: Dataset | undefined;
  /** What a classifier is trained to tell apart. */
  readonly classes: ClassNames | undefined;
  readonly trainer: Trainer;
  readonly progress: TrainingProgress;
  readonly log: RunLog;
  readonly history: readonly LogEntry[];
  /** Told before anything else. */
  readonly warnings: readonly string[];
  readonly isNew: boolean;
}

/** Where a run is written, what computes it, and who may end it while it is opened. */
export interface OpenRunOptions {
  readonly folder: string;
  readonly device: TfjsDevice;
  readonly control: RunControl;
}

/** The warm-up of a run for which none is asked: a tenth of it, and no more than this. */
const LONGEST_WARMUP = 1000;

/** @throws CocaError as `trainingRun`; `interrupted` where the run is ended before it began */
export async function openNew(
  { start, settings, length, classifier }: NewRun,
  { folder, device, control }: OpenRunOptions,
): Promise<OpenRun> {
  if ((await checkpointFolders(folder)).length > 0) {
    throw new CocaError(
      'usage',
      `${folder} holds a run already`,
      'go on with it with --resume, or choose another folder',
    );
  }
  const files = await openStart(start, folder, settings, control);
  const data = await openEveryData(settings, files, classifier !== undefined);
  control.throwIfStopping();
  const classes = classifier && (await datasetClasses(data.dataset, classifier.file));
  const steps = stepsOf(length, data.dataset, settings.batch);
  const warmup = settings.warmup ?? Math.min(LONGEST_WARMUP, Math.ceil(steps / 10));
  const whole: TrainingSettings = { ...settings, steps, warmup, ...(classes && { classes: classes.rows }) };
  control.throwIfStopping();
  return {
    ...data,
    files,
    texts: await readTexts(files),
    classes,
    progress: { step: 0, settings: whole, order: startOrder(settings.seed), device, skipped: 0, cut: 0 },
    ...(await withLog(await openTrainer(files, whole, device), folder, 0)),
    warnings: [],
    isNew: true,
  };
}

/** @throws CocaError as `trainingRun` */
export async function openResumed(
  { steps }: ResumedRun,
  { folder, device, control }: OpenRunOptions,
): Promise<OpenRun> {
  const warnings: string[] = [];
  const newest = await newestCheckpoint(folder, (message) => warnings.push(message));
  const { step, device: before } = newest.progress;
  const settings = { ...newest.progress.settings, ...(steps !== undefined && { steps }) };
  if (step >= settings.steps) {
    const hint = `--steps with more than ${step} lets it go on`;
    throw new CocaError('usage', `the run in ${folder} has taken all of its ${settings.steps} steps`, hint);
  }
  if (device !== before) {
    warnings.push(
      `it ran on ${before} so far: on ${device} numbers are rounded in other ways, so that it goes on a little differently`,
    );
  }
  const files = { ...(await readModel(newest.folder)), name: basename(folder) };
  const data = await openEveryData(settings, files, settings.classes !== undefined);
  control.throwIfStopping();
  const state = await openSafetensors(join(newest.folder, STATE_FILE));
  return {
    ...data,
    files,
    texts: await readTexts(files),
    classes: settings.classes && classesOf(settings.classes, newest.folder),
    progress: { ...newest.progress, settings, device },
    ...(await withLog(await openTrainer(files, settings, device, state), folder, step)),
    warnings,
    isNew: false,
  };
}

async function openEveryData(
  settings: NewRun['settings'],
  { config }: ModelFiles,
  hasClasses: boolean,
): Promise<Pick<OpenRun, 'dataset' | 'validation'>> {
  const needs = hasClasses ? 'labels' : 'captions';
  const dataset = await openData(settings, config, needs);
  if (settings.validation === undefined) return { dataset, validation: undefined };
  const validation = await openData({ ...settings, data: settings.validation, augment: false }, config, needs);
  if (!validation.shuffled) {
    const hint = 'write some with coca scenes FOLDER --held-out, and name their captions.jsonl';
    throw new CocaError('usage', `${validation.name} have no end, and validation goes through all of its data`, hint);
  }
  return { dataset, validation };
}

/** The log is opened last, so that a failure before it leaves no open file. */
async function withLog(
  trainer: Trainer,
  folder: string,
  step: number,
): Promise<Pick<OpenRun, 'trainer' | 'log' | 'history'>> {
  try {
    const { log, entries } = await RunLog.open(folder, step);
    return { trainer, log, history: entries };
  } catch (error) {
    trainer.release();
    throw error;
  }
}

/** @param state what a resumed run goes on from */
async function openTrainer(
  { config, checkpoint }: ModelFiles,
  settings: TrainingSettings,
  device: TfjsDevice,
  state?: Parameters<Trainer['restore']>[0],
): Promise<Trainer> {
  requireCaptioner(config, 'training');
  const trainer = await Trainer.open(config, checkpoint, {
    device,
    objective: objectiveOf(settings),
    schedule: scheduleOf(settings),
    ...optimizerOf(settings),
    clipNorm: settings.clipNorm === 0 ? null : settings.clipNorm,
    frozen: (name) => isFrozen(name, settings),
    ...(settings.classes && { classes: settings.classes.length }),
    seed: settings.seed,
  });
  try {
    if (state) await trainer.restore(state);
    return trainer;
  } catch (error) {
    trainer.release();
    throw error;
  }
}

function stepsOf(length: NewRun['length'], { size, shuffled, name }: Dataset, batch: number): number {
  if ('steps' in length) return length.steps;
  if (size === undefined || !shuffled) {
    throw new CocaError(
      'usage',
      `how many samples ${name} has is not known: there are no epochs of it`,
      'say how many --steps',
    );
  }
  return Math.max(1, Math.ceil((length.epochs * size) / batch));
}
