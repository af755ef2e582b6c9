import type { CommandContext } from '../../cli/command.js';
import type { Dataset } from '../../model/data/index.js';
import type { DecodingOptions } from '../../model/decoding/index.js';
import type { Prediction } from '../../model/evaluation/captioning.js';
import type { Measure } from '../../model/evaluation/measure.js';
import type { AnswerPrediction } from '../../model/evaluation/vqa.js';
import type { LoadedCoca } from '../../model/store/load.js';
import type { CutTexts } from '../../model/tokenizer/usable.js';
import { prepare } from '../io/progress.js';

/** What can be measured on a data set, by the name of its option. */
export const TASKS = [
  'captioning',
  'ranking',
  'grounding',
  'retrieval',
  'zeroShot',
  'classifier',
  'head',
  'perplexity',
  'vqa',
  'winoground',
] as const;
/** Those for which samples need labels, and no captions. */
export const LABEL_TASKS: readonly Task[] = ['zeroShot', 'classifier', 'head'];
/** Those that need a model which writes captions. */
export const CAPTION_TASKS: readonly Task[] = ['captioning', 'ranking', 'grounding', 'perplexity', 'vqa'];
export type Task = (typeof TASKS)[number];

/** What the tasks are to know. */
export interface TaskSettings {
  readonly model: string | undefined;
  readonly decoding: DecodingOptions;
  /** How answers to questions are searched for, and what they are chosen from where that is given. */
  readonly answering: DecodingOptions;
  readonly choices: readonly string[] | undefined;
  /** The file of a head. */
  readonly head: string | undefined;
  /** A file of class names; without one they are the labels. */
  readonly classes: string | undefined;
  readonly templates: readonly string[];
  /** What becomes of texts that are longer than the context. */
  readonly cut: CutTexts;
  readonly onPrediction: (prediction: Prediction | AnswerPrediction) => Promise<void>;
  /** A file for the calibration that the data make; without one the model's own is measured. */
  readonly calibrate: string | undefined;
}

/** Makes what measures the tasks. */
export async function measuresOf(
  tasks: readonly Task[],
  coca: LoadedCoca,
  dataset: Dataset,
  settings: TaskSettings,
  context: CommandContext,
): Promise<Measure[]> {
  const hooks = { signal: context.signal, ...settings.cut };
  const make: Record<Task, () => Promise<Measure>> = {
    captioning: async () => {
      const { CaptioningMeasure } = await import('../../model/evaluation/captioning.js');
      return new CaptioningMeasure(coca, settings.decoding, hooks, settings.onPrediction);
    },
    ranking: async () => {
      const { SelectionMeasure } = await import('../../model/evaluation/selection.js');
      return new SelectionMeasure(coca, hooks);
    },
    grounding: async () => {
      const { GroundingMeasure } = await import('../../model/evaluation/grounding.js');
      const { readCalibration } = await import('../../model/grounding/calibration.js');
      const isKnown = settings.calibrate === undefined;
      const known = isKnown ? await readCalibration(settings.model, await coca.fingerprint()) : undefined;
      await prepare(coca, 'attribution', context);
      return GroundingMeasure.create(coca, known, { ...hooks, onBroken: context.notice });
    },
    retrieval: async () => {
      const { RetrievalMeasure } = await import('../../model/evaluation/retrieval.js');
      return new RetrievalMeasure(coca, hooks);
    },
    zeroShot: async () => {
      const { ZeroShotMeasure } = await import('../../model/evaluation/zero-shot.js');
      const { datasetClasses } = await import('../../model/data/classes.js');
      context.status.show('looking for the classes');
      const classes = await datasetClasses(dataset, settings.classes);
      context.status.show(`embedding ${classes.names.length} classes`);
      return ZeroShotMeasure.create(coca, classes, settings.templates, settings.cut);
    },
    classifier: async () => {
      const { ClassifierMeasure } = await import('../../model/evaluation/classification.js');
      const { readClassifier } = await import('../../model/store/classifier.js');
      return new ClassifierMeasure(await readClassifier(settings.model, coca.config.embed_dim));
    },
    head: async () => {
      const { HeadMeasure } = await import('../../model/evaluation/classification.js');
      const { openHead } = await import('../../model/probing/head.js');
      return new HeadMeasure(await openHead(settings.head!, coca));
    },
    vqa: async () => {
      const { VqaMeasure } = await import('../../model/evaluation/vqa.js');
      return new VqaMeasure(coca, settings.answering, settings.choices, hooks, settings.onPrediction);
    },
    winoground: async () => {
      const { WinogroundMeasure } = await import('../../model/evaluation/winoground.js');
      return new WinogroundMeasure(coca, hooks);
    },
    perplexity: async () => {
      const { PerplexityMeasure } = await import('../../model/evaluation/perplexity.js');
      return new PerplexityMeasure(coca, hooks);
    },
  };
  const measures: Measure[] = [];
  for (const task of tasks) measures.push(await make[task]());
  return measures;
}
