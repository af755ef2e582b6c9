import { rmdir } from 'node:fs/promises';
import { isConstant, parameterShapes } from '../../architecture/parameters.js';
import { CocaError } from '../../base/errors.js';
import { exists, makeFolder } from '../../base/folders.js';
import { orWriteFailed } from '../../base/whole-file.js';
import { type Batch, batches, type OrderState, trainingTransform } from '../../data/index.js';
import type { TfjsDevice } from '../../engine/engines.js';
import { piecesOf } from '../batch.js';
import { partOf, partsIn } from '../parts.js';
import type { Trainer } from '../trainer.js';
import { removeLeftovers } from './checkpoints.js';
import { entryOf, type RunControl, type RunFacts, type TrainingEvent } from './events.js';
import { captioner, fixedPicture, type SampledCaption } from './fixed-picture.js';
import { lockRun } from './lock.js';
import { type NewRun, type OpenRun, openNew, openResumed, type ResumedRun } from './open-run.js';
import { Saving } from './saving.js';
import { isFrozen, objectiveOf } from './settings.js';
import { removeInitial } from './start.js';
import { validate } from './validation.js';

export type { NewRun, ResumedRun } from './open-run.js';

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
  /** Steps from one validation to the next, where there is data for it; there is also one at the beginning and the end. */
  readonly validateEvery: number;
  /** Threads that read and decode samples. */
  readonly threads?: number;
  readonly control: RunControl;
}

/** Problems of single samples that are told one by one; the others are counted. */
const TOLD_PROBLEMS = 20;

/**
 * Trains, and tells what happens. A caller that stops listening ends the run as a kill would: the checkpoints stay as they are.
 * @throws CocaError `usage`, `not-found`, `bad-data`, `bad-checkpoint`, `interrupted`, ... before the first step;
 *   `diverged` with the checkpoints as they were; `write-failed` where the last checkpoint could not be written
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

/** A run that is open, from its first event to its last. */
class Run {
  #order: OrderState;
  #skipped: number;
  #cut: number;
  readonly #pending: string[];
  readonly #saving: Saving;
  /** Samples that validation left out are told the first time. */
  #hasValidated = false;

  constructor(
    private readonly open: OpenRun,
    private readonly options: RunOptions,
  ) {
    const { order, skipped, cut } = open.progress;
    this.#order = order;
    this.#skipped = skipped;
    this.#cut = cut;
    this.#pending = [...open.warnings];
    const { trainer, texts, progress } = open;
    this.#saving = new Saving({
      folder: options.folder,
      keep: options.keep,
      trainer,
      texts,
      progress: () => ({ ...progress, step: trainer.step, order: this.#order, skipped: this.#skipped, cut: this.#cut }),
    });
  }

  /** Every event is in the log when it is told. */
  async *events(): AsyncGenerator<TrainingEvent> {
    let isLogging = true;
    for await (const event of this.#happen()) {
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

  async *#happen(): AsyncGenerator<TrainingEvent> {
    const { trainer, dataset, files, progress, isNew } = this.open;
    const { settings } = progress;
    const { control, sampleEvery, saveEvery, validateEvery } = this.options;
    const saving = this.#saving;
    const tells = sampleEvery > 0 && settings.captionWeight > 0;
    const picture = tells ? await fixedPicture(settings.sample, dataset, files.config) : undefined;
    const caption = picture && (await captioner(trainer, files, picture));
    yield { type: 'start', step: trainer.step, facts: this.#facts(picture) };
    yield* this.#warnings();
    if (isNew) yield await saving.save();
    else await saving.goOn();
    if (caption && isNew) yield this.#told(await caption());
    if (isNew) yield* this.#validated();

    const source = batches(dataset, this.#order, {
      ...this.#batchOptions(settings.augment),
      batch: settings.batch,
      onProblem: (error) => this.#skip(error),
      onCut: (name) => this.#cutShort(name),
    });
    try {
      while (trainer.step < settings.steps && !control.isStopping) {
        const start = performance.now();
        const batch = (await source.next()).value as Batch;
        yield* this.#warnings();
        const report = await this.#step(batch);
        this.#order = batch.next;
        const seconds = (performance.now() - start) / 1000;
        yield { type: 'step', step: report.step, report, epoch: batch.next.epoch, seconds };
        const isLast = trainer.step === settings.steps;
        if (caption && (isLast || trainer.step % sampleEvery === 0)) yield this.#told(await caption());
        if (isLast || trainer.step % validateEvery === 0) yield* this.#validated();
        if (!isLast && (control.takeSave() || trainer.step % saveEvery === 0)) yield await saving.saveOrWarn();
      }
    } finally {
      await source.return(undefined);
    }
    if (saving.saved?.step !== trainer.step) yield await saving.save();
    const [skipped, cut] = [this.#skipped, this.#cut];
    const reason = trainer.step < settings.steps ? 'stopped' : 'finished';
    yield { type: 'done', step: trainer.step, reason, folder: saving.saved!.folder, skipped, cut };
  }

  /** How samples become batches, in training and in validation. */
  #batchOptions(augment: boolean) {
    const { files, classes } = this.open;
    const { threads } = this.options;
    return {
      transform: trainingTransform(files.config, augment),
      tokenizer: files.tokenizer,
      ...(classes && { classes }),
      ...(threads !== undefined && { threads }),
    };
  }

  async *#validated(): AsyncGenerator<TrainingEvent> {
    const { trainer, validation, progress } = this.open;
    if (validation === undefined) return;
    const start = performance.now();
    const { batch, accumulate, seed } = progress.settings;
    const { control } = this.options;
    const found = { leftOut: 0, cut: 0, rest: 0 };
    const result = await validate(trainer, validation, {
      ...this.#batchOptions(false),
      batch,
      accumulate,
      seed,
      onProblem: (error) => {
        if (!this.#hasValidated && found.leftOut++ < TOLD_PROBLEMS)
          this.#pending.push(`left out of validation: ${error.message}`);
      },
      onCut: () => found.cut++,
      onRest: (count) => {
        found.rest = count;
      },
      isStopping: () => control.isStopping,
    });
    if (result === undefined) return;
    if (!this.#hasValidated) this.#tellOfValidation({ ...found, samples: result.samples });
    this.#hasValidated = true;
    yield* this.#warnings();
    yield { type: 'validation', step: trainer.step, ...result, seconds: (performance.now() - start) / 1000 };
  }

  #tellOfValidation(found: Readonly<Record<'leftOut' | 'cut' | 'rest' | 'samples', number>>): void {
    const { leftOut, cut, rest, samples } = found;
    if (leftOut > TOLD_PROBLEMS) this.#pending.push(`left out of validation: ${leftOut} in all`);
    if (cut > 0) this.#pending.push(`cut in validation: ${cut} captions that are longer than the context`);
    if (rest > 0) {
      this.#pending.push(`${rest} of ${samples + rest} samples of validation make no whole batch: they are left out`);
    }
  }

  #facts(picture: RunFacts['picture']): RunFacts {
    const { files, dataset, progress, trainer, history } = this.open;
    const { settings, device } = progress;
    const reached = partsIn(objectiveOf(settings));
    const sizes = [...parameterShapes(files.config)].map(([name, shape]) => ({
      isTrained: reached.has(partOf(name)) && !isFrozen(name, settings) && !isConstant(name, files.config),
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
      picture,
      history,
    };
  }

  /** @throws CocaError `diverged` that says where the last good parameters are */
  async #step(batch: Batch): Promise<Awaited<ReturnType<Trainer['train']>>> {
    const { accumulate } = this.open.progress.settings;
    try {
      return await this.open.trainer.train(piecesOf(batch, accumulate));
    } catch (error) {
      if (!(error instanceof CocaError) || error.code !== 'diverged') throw error;
      const { step, folder } = this.#saving.saved!;
      const hint = `${error.hint} Start from there: coca train ... --model ${folder} -o OTHER`;
      const kept = `${error.message}; the last checkpoint, of step ${step}, is kept in ${folder}`;
      const named = new CocaError(error.code, kept, hint, { cause: error });
      await this.open.log
        .write({ type: 'warning', step: this.open.trainer.step, message: named.message })
        .catch(() => undefined); // the error itself is what counts
      throw named;
    }
  }

  #told({ text, logprob }: SampledCaption): TrainingEvent {
    return { type: 'caption', step: this.open.trainer.step, text, logprob };
  }

  *#warnings(): Generator<TrainingEvent> {
    for (const message of this.#pending.splice(0)) yield { type: 'warning', step: this.open.trainer.step, message };
  }

  #skip(error: CocaError): void {
    this.#skipped++;
    if (this.#skipped > TOLD_PROBLEMS) return;
    const last = this.#skipped === TOLD_PROBLEMS ? ' (others are counted and told at the end)' : '';
    this.#pending.push(`left out: ${error.message}${last}`);
  }

  #cutShort(name: string): void {
    if (this.#cut++ > 0) return;
    const { contextLength } = this.open.files.tokenizer;
    this.#pending.push(
      `${name}: its caption is longer than the context of ${contextLength} tokens and is cut (others are counted and told at the end)`,
    );
  }
}
