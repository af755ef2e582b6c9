import { CocaError } from '../../base/errors.js';
import type { Picture } from '../../image/picture.js';
import type { Losses } from '../objective.js';
import type { StepReport } from '../trainer.js';
import type { LogEntry } from './log.js';

/** What a run is, told before its first step. */
export interface RunFacts {
  readonly folder: string;
  readonly model: string;
  readonly device: string;
  readonly data: string;
  /** How many samples the data has, where that is known and it has an end. */
  readonly samples: number | undefined;
  readonly batch: number;
  /** Steps that were taken already, and in all. */
  readonly step: number;
  readonly steps: number;
  /** Numbers in the model, and those in training. */
  readonly parameters: number;
  readonly trained: number;
  /** The picture whose caption is shown: its name, its caption in the data, and its pixels as the model sees them. */
  readonly picture: { readonly name: string; readonly caption?: string; readonly picture: Picture } | undefined;
  /** What the log of a resumed run says of the steps that were taken. */
  readonly history: readonly LogEntry[];
}

/** What happens in a run, in order. Every event has the number of steps there have been by then. */
export type TrainingEvent =
  | { readonly type: 'start'; readonly step: number; readonly facts: RunFacts }
  | {
      readonly type: 'step';
      readonly step: number;
      readonly report: StepReport;
      readonly epoch: number;
      /** What the step took, waiting for its batch included. */
      readonly seconds: number;
    }
  | { readonly type: 'caption'; readonly step: number; readonly text: string; readonly logprob: number }
  | {
      /** Losses on data that is not trained on: means over its batches. */
      readonly type: 'validation';
      readonly step: number;
      readonly losses: Losses;
      readonly samples: number;
      readonly seconds: number;
    }
  | { readonly type: 'checkpoint'; readonly step: number; readonly folder: string }
  | { readonly type: 'warning'; readonly step: number; readonly message: string }
  | {
      readonly type: 'done';
      readonly step: number;
      /** All steps were taken, or an end was asked for. */
      readonly reason: 'finished' | 'stopped';
      readonly folder: string;
      /** Samples that could not be read, and captions that were cut. */
      readonly skipped: number;
      readonly cut: number;
    };

/** An event as the log and `--jsonl` have it. */
export function entryOf(event: TrainingEvent): LogEntry {
  switch (event.type) {
    case 'start': {
      const { history: _, picture: shown, samples, ...facts } = event.facts;
      const picture = shown
        ? { name: shown.name, ...(shown.caption !== undefined && { caption: shown.caption }) }
        : null;
      return { type: 'start', ...facts, samples: samples ?? null, picture };
    }
    case 'step': {
      const { step, losses, gradNorm, temperature, learningRate } = event.report;
      return {
        type: 'step',
        step,
        ...entryOfLosses(losses),
        temperature,
        learning_rate: learningRate,
        grad_norm: gradNorm,
        epoch: event.epoch,
        seconds: event.seconds,
      };
    }
    case 'validation': {
      const { type, step, losses, samples, seconds } = event;
      return { type, step, ...entryOfLosses(losses), samples, seconds };
    }
    default:
      return { ...event };
  }
}

function entryOfLosses({ total, contrastive, captioning, classification }: Losses) {
  return { loss: total, contrastive, captioning, classification };
}

/** What the watcher of a run may ask of it; it is done between two steps. */
export class RunControl {
  #stops = false;
  #saves = false;

  /** Ends the run, with a checkpoint. */
  stop(): void {
    this.#stops = true;
  }

  /** Writes a checkpoint. */
  save(): void {
    this.#saves = true;
  }

  get isStopping(): boolean {
    return this.#stops;
  }

  /** @throws CocaError `interrupted` where an end is asked for: for whatever comes before the first step */
  throwIfStopping(): void {
    if (this.#stops) throw new CocaError('interrupted', 'interrupted');
  }

  /** Whether a checkpoint is asked for; it counts as written then. */
  takeSave(): boolean {
    const asked = this.#saves;
    this.#saves = false;
    return asked;
  }
}
