import { rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parameterShapes } from '../architecture/parameters.js';
import { openSafetensors } from '../checkpoint/index.js';
import { type Batch, batches, type Dataset, type OrderState, startOrder, trainingTransform } from '../data/index.js';
import type { TfjsDevice } from '../engine/engines.js';
import { CocaError } from '../errors.js';
import { exists, makeFolder } from '../folders.js';
import { type ModelFiles, readModel } from '../load.js';
import { orWriteFailed } from '../whole-file.js';
import type { TrainingBatch } from './batch.js';
import {
  checkpointFolders,
  type ModelTexts,
  newestCheckpoint,
  removeLeftovers,
  STATE_FILE,
  type TrainingProgress,
  writeCheckpoint,
} from './checkpoints.js';
import { entryOf, type RunControl, type RunFacts, type TrainingEvent } from './events.js';
import { captioner, fixedPicture, type SampledCaption } from './fixed-picture.js';
import { lockRun } from './lock.js';
import { type LogEntry, RunLog } from './log.js';
import { partOf } from './parts.js';
import { objectiveOf, optimizerOf, scheduleOf, type TrainingSettings } from './settings.js';
import { openData, openStart, readTexts, removeInitial, type StartingModel } from './start.js';
import { Trainer } from './trainer.js';

/** A run from its beginning. Its length may be told in epochs, and its warm-up be left to it. */
export interface NewRun {
  readonly start: StartingModel;
  readonly settings: Omit<TrainingSettings, 'steps' | 'warmup'> & { readonly warmup?: number };
  readonly length: { readonly steps: number } | { readonly epochs: number };
}

/** A run that goes on from the newest checkpoint of its folder; with `steps`, to another end. */
export interface ResumedRun {
  readonly steps?: number;
}

/** What has no influence on what a run computes. */
export interface RunOptions {
  /** The run's folder. */
  readonly folder: string;
  readonly device: TfjsDevice;
  /** Steps from checkpoint to checkpoint; there is also one at the beginning and one at the end. */
  readonly saveEvery: number;
  /** How many checkpoints are kept, at least 2. */
  readonly keep: number;
  /** Steps from one caption of the fixed picture to the next; 0 for none. */
  readonly sampleEvery: number;
  /** Threads that read and decode samples. */
  readonly threads?: number;
  readonly control: RunControl;
}

/** The warm-up of a run for which none is asked: a tenth of it, and no more than this. */
const LONGEST_WARMUP = 1000;

/** Problems of single samples that are told one by one; the others are counted. */
const TOLD_PROBLEMS = 20;

/**
 * Trains, and tells what happens. Whoever stops listening ends the run as a kill would: the checkpoints stay as they are.
 * @throws CocaError `usage`, `not-found`, `bad-data`, `bad-checkpoint`, ... before the first step; `diverged` with the
 *   checkpoints as they were; `write-failed` where the last checkpoint could not be written
 */
export async function* trainingRun(run: NewRun | ResumedRun, options: RunOptions): AsyncGenerator<TrainingEvent> {
  const { folder } = options;
  const isNew = 'start' in run;
  const isMade = isNew && !(await exists(folder));
  if (isNew) await orWriteFailed(folder, makeFolder(folder));
  else if (!(await exists(folder))) throw new CocaError('not-found', `there is no folder ${folder}`);
  const unlock = await lockRun(folder);
  try {
    await removeLeftovers(folder);
    const open = isNew ? await openNew(run, options) : await openResumed(run, options);
    try {
      yield* new Run(open, options).events();
    } finally {
      await open.log.close();
      open.trainer.release();
    }
  } finally {
    await removeInitial(folder);
    await unlock();
    // Nothing is left of a run that could not begin.
    if (isMade) await rmdir(folder).catch(() => undefined);
  }
}

/** Everything that a run needs, from wherever it starts. */
interface OpenRun {
  readonly files: ModelFiles;
  readonly texts: ModelTexts;
  readonly dataset: Dataset;
  readonly trainer: Trainer;
  readonly progress: TrainingProgress;
  readonly log: RunLog;
  readonly history: readonly LogEntry[];
  /** Told before anything else. */
  readonly warnings: readonly string[];
  readonly isNew: boolean;
}

async function openNew({ start, settings, length }: NewRun, { folder, device }: RunOptions): Promise<OpenRun> {
  if ((await checkpointFolders(folder)).length > 0) {
    throw new CocaError(
      'usage',
      `${folder} holds a run already`,
      'go on with it with --resume, or choose another folder',
    );
  }
  const files = await openStart(start, folder, settings);
  const dataset = await openData(settings, files.config);
  const steps = stepsOf(length, dataset, settings.batch);
  const warmup = settings.warmup ?? Math.min(LONGEST_WARMUP, Math.ceil(steps / 10));
  const whole: TrainingSettings = { ...settings, steps, warmup };
  return {
    files,
    texts: await readTexts(files),
    dataset,
    trainer: await openTrainer(files, whole, device),
    progress: { step: 0, settings: whole, order: startOrder(settings.seed), device, skipped: 0, cut: 0 },
    ...(await openLog(folder, 0)),
    warnings: [],
    isNew: true,
  };
}

async function openResumed({ steps }: ResumedRun, { folder, device }: RunOptions): Promise<OpenRun> {
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
  const dataset = await openData(settings, files.config);
  const trainer = await openTrainer(files, settings, device);
  await trainer.restore(await openSafetensors(join(newest.folder, STATE_FILE)));
  const texts = await readTexts(files);
  const progress = { ...newest.progress, settings, device };
  return { files, texts, dataset, trainer, progress, ...(await openLog(folder, step)), warnings, isNew: false };
}

async function openLog(folder: string, step: number): Promise<Pick<OpenRun, 'log' | 'history'>> {
  const { log, entries } = await RunLog.open(folder, step);
  return { log, history: entries };
}

function openTrainer(files: ModelFiles, settings: TrainingSettings, device: TfjsDevice): Promise<Trainer> {
  return Trainer.open(files.config, files.checkpoint, {
    device,
    objective: objectiveOf(settings),
    schedule: scheduleOf(settings),
    optimizer: optimizerOf(settings),
    clipNorm: settings.clipNorm === 0 ? null : settings.clipNorm,
    frozen: (name) => settings.freeze.includes(partOf(name)),
    seed: settings.seed,
  });
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

/** A run that is open, from its first event to its last. */
class Run {
  private order: OrderState;
  private skipped: number;
  private cut: number;
  private readonly pending: string[];
  /** The newest checkpoint, and the steps it has. */
  private saved: { readonly step: number; readonly folder: string } | undefined;

  constructor(
    private readonly open: OpenRun,
    private readonly options: RunOptions,
  ) {
    const { order, skipped, cut } = open.progress;
    this.order = order;
    this.skipped = skipped;
    this.cut = cut;
    this.pending = [...open.warnings];
  }

  /** Every event is in the log when it is told. */
  async *events(): AsyncGenerator<TrainingEvent> {
    let isLogging = true;
    for await (const event of this.happen()) {
      yield event;
      if (!isLogging) continue;
      try {
        await this.open.log.write(entryOf(event));
      } catch (error) {
        isLogging = false;
        yield { type: 'warning', step: event.step, message: `${(error as Error).message}; nothing more is logged` };
      }
    }
  }

  private async *happen(): AsyncGenerator<TrainingEvent> {
    const { trainer, dataset, files, progress, isNew } = this.open;
    const { settings } = progress;
    const { control, sampleEvery, saveEvery, threads, folder } = this.options;
    const tells = sampleEvery > 0 && settings.captionWeight > 0;
    const picture = tells ? await fixedPicture(settings.sample, dataset, files.config) : undefined;
    const caption = picture && (await captioner(trainer, files, picture));
    yield { type: 'start', step: trainer.step, facts: this.facts(picture) };
    yield* this.warnings();
    if (isNew) yield await this.save();
    else this.saved = { step: trainer.step, folder: (await checkpointFolders(folder))[0]! };
    if (caption && isNew) yield this.told(await caption());

    const source = batches(dataset, this.order, {
      batch: settings.batch,
      transform: trainingTransform(files.config, settings.augment),
      tokenizer: files.tokenizer,
      ...(threads !== undefined && { threads }),
      onProblem: (error) => this.skip(error),
      onCut: (name) => this.cutShort(name),
    });
    try {
      while (trainer.step < settings.steps && !control.isStopping) {
        const start = performance.now();
        const batch = (await source.next()).value as Batch;
        yield* this.warnings();
        const report = await this.step(batch);
        this.order = batch.next;
        const seconds = (performance.now() - start) / 1000;
        yield { type: 'step', step: report.step, report, epoch: batch.next.epoch, seconds };
        const isLast = trainer.step === settings.steps;
        if (caption && (isLast || trainer.step % sampleEvery === 0)) yield this.told(await caption());
        if (!isLast && (control.takeSave() || trainer.step % saveEvery === 0)) yield await this.saveOrWarn();
      }
    } finally {
      await source.return(undefined);
    }
    if (this.saved?.step !== trainer.step) yield await this.save();
    const { skipped, cut } = this;
    const reason = trainer.step < settings.steps ? 'stopped' : 'finished';
    yield { type: 'done', step: trainer.step, reason, folder: this.saved!.folder, skipped, cut };
  }

  private facts(picture: RunFacts['picture']): RunFacts {
    const { files, dataset, progress, trainer, history } = this.open;
    const { settings, device } = progress;
    const sizes = [...parameterShapes(files.config)].map(([name, shape]) => ({
      isTrained: !settings.freeze.includes(partOf(name)),
      size: shape.reduce((product, side) => product * side, 1),
    }));
    const sum = (some: typeof sizes) => some.reduce((total, { size }) => total + size, 0);
    return {
      folder: this.options.folder,
      model: files.name,
      device,
      data: dataset.name,
      samples: dataset.shuffled ? dataset.size : undefined,
      batch: settings.batch,
      step: trainer.step,
      steps: settings.steps,
      parameters: sum(sizes),
      trained: sum(sizes.filter(({ isTrained }) => isTrained)),
      picture: picture && { name: picture.name, ...(picture.caption !== undefined && { caption: picture.caption }) },
      history,
    };
  }

  /** @throws CocaError `diverged` that says where the last good parameters are */
  private async step(batch: Batch): Promise<Awaited<ReturnType<Trainer['train']>>> {
    const { accumulate } = this.open.progress.settings;
    try {
      return await this.open.trainer.train(piecesOf(batch, accumulate));
    } catch (error) {
      if (!(error instanceof CocaError) || error.code !== 'diverged') throw error;
      const { step, folder } = this.saved!;
      const hint = `${error.hint} Start from there: coca train ... --model ${folder} -o OTHER`;
      const kept = `${error.message}; the last checkpoint, of step ${step}, is kept in ${folder}`;
      const named = new CocaError(error.code, kept, hint, { cause: error });
      await this.open.log
        .write({ type: 'warning', step: this.open.trainer.step, message: named.message })
        .catch(() => undefined); // the error itself is what counts
      throw named;
    }
  }

  private told({ text, logprob }: SampledCaption): TrainingEvent {
    return { type: 'caption', step: this.open.trainer.step, text, logprob };
  }

  private *warnings(): Generator<TrainingEvent> {
    for (const message of this.pending.splice(0)) yield { type: 'warning', step: this.open.trainer.step, message };
  }

  private skip(error: CocaError): void {
    this.skipped++;
    if (this.skipped > TOLD_PROBLEMS) return;
    const last = this.skipped === TOLD_PROBLEMS ? ' (others are counted and told at the end)' : '';
    this.pending.push(`left out: ${error.message}${last}`);
  }

  private cutShort(name: string): void {
    if (this.cut++ > 0) return;
    const { contextLength } = this.open.files.tokenizer;
    this.pending.push(
      `${name}: its caption is longer than the context of ${contextLength} tokens and is cut (others are counted and told at the end)`,
    );
  }

  private async save(): Promise<TrainingEvent> {
    const { trainer, texts, progress } = this.open;
    const { folder: run, keep } = this.options;
    const { step } = trainer;
    const { order, skipped, cut } = this;
    const content = {
      progress: { ...progress, step, order, skipped, cut },
      texts,
      model: trainer.modelTensors(),
      state: trainer.stateTensors(),
    };
    const folder = await writeCheckpoint(run, content, keep).catch((error) => {
      throw this.notSaved(error);
    });
    this.saved = { step, folder };
    return { type: 'checkpoint', step, folder };
  }

  /** Says which checkpoint there still is. */
  private notSaved(error: unknown): unknown {
    if (!(error instanceof CocaError) || this.saved === undefined) return error;
    const { step, folder } = this.saved;
    const message = `no checkpoint was written: ${error.message}; that of step ${step} is kept in ${folder}`;
    return new CocaError(error.code, message, error.hint, { cause: error });
  }

  /** A disk that is full now may have room when the next checkpoint is due. */
  private async saveOrWarn(): Promise<TrainingEvent> {
    try {
      return await this.save();
    } catch (error) {
      if (!(error instanceof CocaError) || error.code !== 'write-failed') throw error;
      return { type: 'warning', step: this.open.trainer.step, message: `${error.message}; training goes on` };
    }
  }
}

/** A batch in `count` pieces of about the same size. */
function piecesOf({ pixels, contexts, classes }: Batch, count: number): TrainingBatch[] {
  const size = contexts.length;
  const perPicture = pixels.length / size;
  const from = (piece: number) => Math.floor((piece * size) / count);
  return Array.from({ length: count }, (_, piece) => ({
    pixels: pixels.subarray(from(piece) * perPicture, from(piece + 1) * perPicture),
    contexts: contexts.slice(from(piece), from(piece + 1)),
    ...(classes && { classes: classes.subarray(from(piece), from(piece + 1)) }),
  }));
}
