import { fits, type KnobValues } from '../../base/knob.js';
import type { ClassRow } from '../../data/classes.js';
import { isClassRows } from '../../store/classifier.js';
import type { Objective } from '../objective.js';
import { PARTS, type Part, partOf } from '../parts.js';
import type { Schedule } from '../schedule.js';
import type { TrainerOptions } from '../trainer.js';
import { TRAINING_KNOBS, type TrainingKnobName } from './knobs.js';

/** Everything that decides what a run computes, as a plain value: a checkpoint keeps it, and a resumed run takes it up. */
export interface TrainingSettings extends KnobValues<typeof TRAINING_KNOBS> {
  /** What `openTrainingSet` takes, paths absolute. */
  readonly data: readonly string[];
  readonly imageField?: string;
  readonly captionField?: string;
  readonly imageFolder?: string;
  readonly freeze: readonly Part[];
  /** The picture whose caption is shown; without one it is the first of the data. */
  readonly sample?: string;
  /** What a classifier is to tell apart, where one is trained: then in place of both other losses. */
  readonly classes?: readonly ClassRow[];
  /** Data that is not trained on, whose losses are told; as `data`. */
  readonly validation?: readonly string[];
}

/** What a setting may be, as it is read from a file. */
type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isTextOrNone: Check = (value) => value === undefined || isText(value);
const isTexts: Check = (value) => Array.isArray(value) && value.length > 0 && value.every(isText);

const CHECKS: Readonly<Record<Exclude<keyof TrainingSettings, TrainingKnobName>, Check>> = {
  data: isTexts,
  imageField: isTextOrNone,
  captionField: isTextOrNone,
  imageFolder: isTextOrNone,
  freeze: (value) => Array.isArray(value) && value.every((part) => PARTS.includes(part)),
  sample: isTextOrNone,
  classes: (value) => value === undefined || isClassRows(value),
  validation: (value) => value === undefined || isTexts(value),
  ...Object.fromEntries(Object.entries(TRAINING_KNOBS).map(([name, knob]) => [name, (value) => fits(knob, value)])),
};

/** Settings that a run of an earlier version did not have. */
const LATER = {
  optimizer: TRAINING_KNOBS.optimizer.default,
  momentum: TRAINING_KNOBS.momentum.default,
  ema: TRAINING_KNOBS.ema.default,
};

/**
 * Reads settings from a file.
 * @throws TypeError naming the first that is not as it should be
 */
export function parseSettings(value: unknown): TrainingSettings {
  const settings: Readonly<Record<string, unknown>> = { ...LATER, ...(value as object | null) };
  for (const [name, check] of Object.entries(CHECKS)) {
    if (!check(settings[name])) throw new TypeError(`the setting ${name} is ${JSON.stringify(settings[name])}`);
  }
  const unknown = Object.keys(settings).find((name) => !Object.hasOwn(CHECKS, name));
  if (unknown !== undefined) throw new TypeError(`there is no setting ${unknown}`);
  return settings as unknown as TrainingSettings;
}

export function objectiveOf(settings: TrainingSettings): Objective {
  const { contrastiveWeight, captionWeight, labelSmoothing, classes } = settings;
  const classification = classes === undefined ? 0 : 1;
  return { contrastive: contrastiveWeight, captioning: captionWeight, classification, labelSmoothing };
}

export function isFrozen(name: string, { freeze }: Pick<TrainingSettings, 'freeze'>): boolean {
  return (freeze as readonly string[]).includes(partOf(name));
}

export function scheduleOf({ learningRate, warmup, schedule, steps }: TrainingSettings): Schedule {
  return { learningRate, warmupSteps: warmup, ...(schedule === 'cosine' && { totalSteps: steps }) };
}

export function optimizerOf(settings: TrainingSettings): Pick<TrainerOptions, 'optimizer' | 'muon' | 'average'> {
  const { beta1, beta2, epsilon, weightDecay, optimizer, momentum, ema } = settings;
  return {
    optimizer: { betas: [beta1, beta2], epsilon, weightDecay },
    ...(optimizer === 'muon' && { muon: { momentum, weightDecay } }),
    ...(ema > 0 && { average: ema }),
  };
}
