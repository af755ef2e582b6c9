import { CocaError } from '../../base/errors.js';
import type { Trainer } from '../trainer.js';
import { checkpointFolders, type ModelTexts, type TrainingProgress, writeCheckpoint } from './checkpoints.js';
import type { TrainingEvent } from './events.js';

export interface SavingOptions {
  /** The run's folder. */
  readonly folder: string;
  /** How many checkpoints are kept. */
  readonly keep: number;
  readonly trainer: Trainer;
  readonly texts: ModelTexts;
  /** The run as it stands. */
  readonly progress: () => TrainingProgress;
}

/** Writes a run's checkpoints, and knows the newest. */
export class Saving {
  #newest: { readonly step: number; readonly folder: string } | undefined;

  constructor(private readonly options: SavingOptions) {}

  /** The newest checkpoint, and the steps it has; undefined before the first. */
  get saved(): { readonly step: number; readonly folder: string } | undefined {
    return this.#newest;
  }

  /** A run that goes on has its newest checkpoint already. */
  async goOn(): Promise<void> {
    const { folder, trainer } = this.options;
    this.#newest = { step: trainer.step, folder: (await checkpointFolders(folder))[0]! };
  }

  /** @throws CocaError `write-failed` that says which checkpoint there still is */
  async save(): Promise<TrainingEvent> {
    const { trainer, texts, keep, folder: run } = this.options;
    const content = {
      progress: this.options.progress(),
      texts,
      model: trainer.modelTensors(),
      average: trainer.averageTensors(),
      classifier: trainer.classifierTensors(),
      state: trainer.stateTensors(),
    };
    const { step } = trainer;
    const folder = await writeCheckpoint(run, content, keep).catch((error) => {
      throw this.#notSaved(error);
    });
    this.#newest = { step, folder };
    return { type: 'checkpoint', step, folder };
  }

  /** A disk that is full now may have room when the next checkpoint is due. */
  async saveOrWarn(): Promise<TrainingEvent> {
    try {
      return await this.save();
    } catch (error) {
      if (!(error instanceof CocaError) || error.code !== 'write-failed') throw error;
      return { type: 'warning', step: this.options.trainer.step, message: `${error.message}; training goes on` };
    }
  }

  #notSaved(error: unknown): unknown {
    if (!(error instanceof CocaError) || this.#newest === undefined) return error;
    const { step, folder } = this.#newest;
    const message = `no checkpoint was written: ${error.message}; that of step ${step} is kept in ${folder}`;
    return new CocaError(error.code, message, error.hint, { cause: error });
  }
}
