import { readFile } from 'node:fs/promises';
import type { Dataset } from '../model/data/index.js';
import type { DecodingOptions } from '../model/decoding/index.js';
import { CocaError } from '../model/errors.js';
import type { Prediction } from '../model/evaluation/captioning.js';
import type { ClassNames } from '../model/evaluation/classes.js';
import type { Measure } from '../model/evaluation/measure.js';
import type { LoadedCoca } from '../model/load.js';
import type { CommandContext } from './command.js';

/** What can be measured on a data set, by the name of its option. */
export const TASKS = ['captioning', 'ranking', 'retrieval', 'zeroShot', 'perplexity'] as const;
export type Task = (typeof TASKS)[number];

/** What the tasks are to know. */
export interface TaskSettings {
  readonly decoding: DecodingOptions;
  /** A file of class names; without one they are the labels. */
  readonly classes: string | undefined;
  readonly templates: readonly string[];
  readonly onPrediction: (prediction: Prediction) => Promise<void>;
}

/** Makes what measures the tasks. */
export async function measuresOf(
  tasks: readonly Task[],
  coca: LoadedCoca,
  dataset: Dataset,
  settings: TaskSettings,
  context: CommandContext,
): Promise<Measure[]> {
  const hooks = { signal: context.signal };
  const make: Record<Task, () => Promise<Measure>> = {
    captioning: async () => {
      const { CaptioningMeasure } = await import('../model/evaluation/captioning.js');
      return new CaptioningMeasure(coca, settings.decoding, hooks, settings.onPrediction);
    },
    ranking: async () => {
      const { SelectionMeasure } = await import('../model/evaluation/selection.js');
      return new SelectionMeasure(coca, hooks);
    },
    retrieval: async () => {
      const { RetrievalMeasure } = await import('../model/evaluation/retrieval.js');
      return new RetrievalMeasure(coca, hooks);
    },
    zeroShot: async () => {
      const { ZeroShotMeasure } = await import('../model/evaluation/zero-shot.js');
      const classes = await classNames(settings.classes, dataset, context);
      context.status.show(`embedding ${classes.names.length} classes`);
      return ZeroShotMeasure.create(coca, classes, settings.templates);
    },
    perplexity: async () => {
      const { PerplexityMeasure } = await import('../model/evaluation/perplexity.js');
      return new PerplexityMeasure(coca, hooks);
    },
  };
  const measures: Measure[] = [];
  for (const task of tasks) measures.push(await make[task]());
  return measures;
}

/** The classes of a file, or the labels of all samples: those take a pass of their own, without the pictures. */
async function classNames(file: string | undefined, dataset: Dataset, context: CommandContext): Promise<ClassNames> {
  const { labelClasses, listedClasses } = await import('../model/evaluation/classes.js');
  if (file !== undefined) {
    const text = await readFile(file, 'utf8').catch((cause) => {
      throw new CocaError('not-found', `${file} cannot be read: ${(cause as Error).message}`, undefined, { cause });
    });
    return listedClasses(text, file);
  }
  const { descriptions } = await import('../model/data/index.js');
  const labels = new Set<string | number>();
  context.status.show('looking for the classes');
  // What cannot be read is told when the pictures are looked at.
  for await (const { label } of descriptions(dataset, () => undefined)) if (label !== undefined) labels.add(label);
  return labelClasses(labels, dataset.name);
}
