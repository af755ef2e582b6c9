import type { CocaError } from '../../base/errors.js';
import type { ClassNames } from '../../data/classes.js';
import { batches, type Dataset, startOrder, type Transform } from '../../data/index.js';
import type { Tokenizer } from '../../tokenizer/tokenizer.js';
import { piecesOf } from '../batch.js';
import type { Losses, LossName } from '../objective.js';
import type { Trainer } from '../trainer.js';

export interface ValidationOptions {
  /** As in training: what a contrastive loss is depends on it. */
  readonly batch: number;
  readonly accumulate: number;
  readonly seed: number;
  readonly transform: Transform;
  readonly tokenizer: Tokenizer;
  readonly classes?: ClassNames;
  readonly threads?: number;
  readonly onProblem: (error: CocaError) => void;
  /** A caption that is longer than the context. */
  readonly onCut: (name: string) => void;
  /** How many samples make no whole batch. */
  readonly onRest: (count: number) => void;
  readonly isStopping: () => boolean;
}

/** Losses on data that is not trained on: means over its batches. */
export interface Validation {
  readonly losses: Losses;
  readonly samples: number;
}

/**
 * Takes the losses of a data set once through, in an order and with captions that are the same each time. Samples that
 * make no whole batch are left out, as their contrastive loss would be another.
 * @returns undefined where it was stopped before its end
 * @throws CocaError `bad-data` where there are fewer samples than a batch
 */
export async function validate(
  trainer: Trainer,
  dataset: Dataset,
  { batch, accumulate, seed, isStopping, ...options }: ValidationOptions,
): Promise<Validation | undefined> {
  const all: Losses[] = [];
  const source = batches(dataset, startOrder(seed), { batch, isOnce: true, ...options });
  try {
    for await (const one of source) {
      if (isStopping()) return undefined;
      all.push(await trainer.losses(piecesOf(one, accumulate)));
    }
  } finally {
    await source.return(undefined);
  }
  return { losses: meanOf(all), samples: all.length * batch };
}

function meanOf(all: readonly Losses[]): Losses {
  // A loss that is not trained is null in every batch, the contrastive one in a batch of questions alone.
  const mean = (name: LossName | 'total') => {
    const known = all.map((losses) => losses[name]).filter((loss) => loss !== null);
    return known.length === 0 ? null : known.reduce((sum, loss) => sum + loss, 0) / known.length;
  };
  return {
    contrastive: mean('contrastive'),
    captioning: mean('captioning'),
    classification: mean('classification'),
    total: mean('total')!,
  };
}
