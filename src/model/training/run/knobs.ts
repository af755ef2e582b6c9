import type { Knob } from '../../base/knob.js';

/** `about` is the heading that an option belongs under. */
type TrainingKnob = Knob & { readonly about?: 'run' | 'data' | 'objective' | 'optimiser' };

/** For a new model OpenCLIP's own; a trained one is not to be thrown out of its place. */
export const LEARNING_RATES = { fresh: 5e-4, trained: 5e-5 } as const;

/** Settings of a run that are a number, a choice or a flag, in the order in which help lists them under what they are about. */
export const TRAINING_KNOBS = {
  /** How many steps in all. */
  steps: { type: 'integer', min: 1, default: 1000, about: 'run', does: 'steps in all' },
  /** Pairs a step. */
  batch: {
    type: 'integer',
    min: 1,
    default: 32,
    about: 'run',
    does: 'pairs of a picture and a caption in a step',
  },
  /** In how many pieces a batch goes through the model. */
  accumulate: {
    type: 'integer',
    min: 1,
    default: 1,
    about: 'run',
    does: 'pieces in which a batch goes through the model, to need less memory; the loss is that of the whole',
  },
  augment: { type: 'flag', about: 'data', does: "crop pictures at random, as OpenCLIP's training does" },
  contrastiveWeight: { type: 'number', min: 0, default: 1, about: 'objective', does: 'of the contrastive loss' },
  captionWeight: { type: 'number', min: 0, default: 2, about: 'objective', does: 'of the captioning loss' },
  labelSmoothing: {
    type: 'number',
    min: 0,
    max: 0.99,
    default: 0,
    about: 'objective',
    does: "part of a caption token's target that is spread over the vocabulary",
  },
  optimizer: {
    type: 'choice',
    choices: ['adamw', 'muon'],
    default: 'adamw',
    about: 'optimiser',
    does: 'muon: weights of attention and MLPs take orthogonal steps (Muon), the rest those of AdamW',
  },
  learningRate: {
    type: 'number',
    min: 0,
    otherwise: `${LEARNING_RATES.fresh.toExponential()} with --config, ${LEARNING_RATES.trained.toExponential()} for a trained model`,
    about: 'optimiser',
    does: 'the highest learning rate',
  },
  warmup: {
    type: 'integer',
    min: 0,
    otherwise: 'a tenth of all, at most 1000',
    about: 'optimiser',
    does: 'steps over which the learning rate rises',
  },
  schedule: {
    type: 'choice',
    choices: ['cosine', 'constant'],
    default: 'cosine',
    about: 'optimiser',
    does: 'whether it then falls to zero or stays',
  },
  weightDecay: {
    type: 'number',
    min: 0,
    default: 0.2,
    about: 'optimiser',
    does: 'of weights, not of biases, norms and the temperature',
  },
  /** Of the gradient of all parameters together; 0 does not clip. */
  clipNorm: {
    type: 'number',
    min: 0,
    default: 1,
    about: 'optimiser',
    does: 'the largest norm of a gradient; 0 does not clip',
  },
  beta1: {
    type: 'number',
    min: 0,
    max: 0.9999999,
    default: 0.9,
    about: 'optimiser',
    does: "decay of the gradient's mean",
  },
  beta2: {
    type: 'number',
    min: 0,
    max: 0.9999999,
    default: 0.98,
    about: 'optimiser',
    does: 'decay of the mean of its square',
  },
  epsilon: { type: 'number', min: 0, default: 1e-6, about: 'optimiser', does: 'added to the root of that' },
  /** Part of the running mean of gradients that a step of Muon keeps. */
  momentum: {
    type: 'number',
    min: 0,
    max: 0.9999999,
    default: 0.95,
    about: 'optimiser',
    does: "decay of the gradient's mean in Muon",
  },
  /** Of the running mean of the weights; 0 for none. */
  ema: {
    type: 'number',
    min: 0,
    max: 0.9999999,
    default: 0,
    about: 'optimiser',
    does: 'decay of a running mean of the weights (EMA), kept beside them as ema.safetensors; 0 keeps none',
  },
  seed: { type: 'integer', min: 0 },
} as const satisfies Readonly<Record<string, TrainingKnob>>;

export type TrainingKnobName = keyof typeof TRAINING_KNOBS;
