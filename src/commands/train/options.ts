import type { OptionSpecs } from '../../cli/command.js';
import { didYouMean } from '../../cli/suggest.js';
import { CocaError } from '../../model/base/errors.js';
import { PARTS, type Part } from '../../model/training/parts.js';

const RUN = 'Run';
const MODEL = 'Model to start from';
const DATA = 'Data';
const OBJECTIVE = 'Objective';
const OPTIMISER = 'Optimiser';
const SHOWN = 'What is shown';

export const TRAIN_OPTIONS = {
  output: {
    type: 'text',
    kind: 'folder',
    short: 'o',
    placeholder: 'FOLDER',
    group: RUN,
    description: "the run's folder",
  },
  resume: {
    type: 'flag',
    group: RUN,
    description: "go on from the newest checkpoint of FOLDER, with the run's own settings",
  },
  steps: { type: 'integer', min: 1, group: RUN, description: 'steps in all', otherwise: '1000' },
  epochs: { type: 'number', min: 0, group: RUN, description: 'instead of --steps: how often every sample is seen' },
  batch: {
    type: 'integer',
    min: 1,
    default: 32,
    group: RUN,
    description: 'pairs of a picture and a caption in a step',
  },
  accumulate: {
    type: 'integer',
    min: 1,
    default: 1,
    group: RUN,
    description: 'pieces in which a batch goes through the model, to need less memory; the loss is that of the whole',
  },
  saveEvery: { type: 'integer', min: 1, default: 500, group: RUN, description: 'steps from checkpoint to checkpoint' },
  keep: { type: 'integer', min: 2, default: 2, group: RUN, description: 'how many checkpoints are kept' },
  config: {
    type: 'text',
    kind: 'file',
    placeholder: 'CONFIG',
    group: MODEL,
    description: 'a new model with random weights: coca_ViT-B-32, ..., or the path of an open_clip_config.json',
    otherwise: '--model',
  },
  trainTokenizer: {
    type: 'integer',
    min: 515,
    max: 2 ** 20,
    group: MODEL,
    description: 'with --config: learn a tokenizer of N tokens from the captions',
  },
  tokenizer: {
    type: 'text',
    kind: 'file',
    placeholder: 'FILE',
    group: MODEL,
    description: 'with --config: a tokenizer.json',
    otherwise: "CLIP's",
  },
  freeze: {
    type: 'text',
    placeholder: 'PARTS',
    group: MODEL,
    description: `parts that stay as they are, with commas between: ${PARTS.join(', ')}`,
  },
  augment: { type: 'flag', group: DATA, description: "crop pictures at random, as OpenCLIP's training does" },
  imageField: {
    type: 'text',
    placeholder: 'NAME',
    group: DATA,
    description: 'field or column of the path of the picture',
  },
  captionField: { type: 'text', placeholder: 'NAME', group: DATA, description: 'field or column of the caption' },
  imageFolder: {
    type: 'text',
    kind: 'folder',
    placeholder: 'FOLDER',
    group: DATA,
    description: 'where relative paths of pictures start',
    otherwise: 'the folder of the file that names them',
  },
  validation: {
    type: 'list',
    kind: 'file',
    placeholder: 'DATA',
    group: DATA,
    description: 'data that is not trained on, whose losses are told; repeat it for more',
  },
  threads: {
    type: 'integer',
    min: 1,
    max: 64,
    group: DATA,
    description: 'threads that read and decode pictures',
    otherwise: 'one less than there are cores, at most 8',
  },
  objective: {
    type: 'choice',
    choices: ['coca', 'contrastive', 'captioning', 'classification'],
    placeholder: 'KIND',
    default: 'coca',
    group: OBJECTIVE,
    description:
      'both losses, or one alone: a dual encoder as CLIP, or an encoder-decoder; or a single encoder with a classifier, of data with labels',
  },
  classes: {
    type: 'text',
    kind: 'file',
    placeholder: 'FILE',
    group: OBJECTIVE,
    description: 'with --objective classification: class names, one a line by their numbers, or LABEL<TAB>NAME',
    otherwise: 'the labels',
  },
  contrastiveWeight: { type: 'number', min: 0, default: 1, group: OBJECTIVE, description: 'of the contrastive loss' },
  captionWeight: { type: 'number', min: 0, default: 2, group: OBJECTIVE, description: 'of the captioning loss' },
  labelSmoothing: {
    type: 'number',
    min: 0,
    max: 0.99,
    default: 0,
    group: OBJECTIVE,
    description: "part of a caption token's target that is spread over the vocabulary",
  },
  learningRate: {
    type: 'number',
    min: 0,
    group: OPTIMISER,
    description: 'the highest learning rate of AdamW',
    otherwise: '5e-4 with --config, 5e-5 for a trained model',
  },
  warmup: {
    type: 'integer',
    min: 0,
    group: OPTIMISER,
    description: 'steps over which the learning rate rises',
    otherwise: 'a tenth of all, at most 1000',
  },
  schedule: {
    type: 'choice',
    choices: ['cosine', 'constant'],
    placeholder: 'KIND',
    default: 'cosine',
    group: OPTIMISER,
    description: 'whether it then falls to zero or stays',
  },
  weightDecay: {
    type: 'number',
    min: 0,
    default: 0.2,
    group: OPTIMISER,
    description: 'of weights, not of biases, norms and the temperature',
  },
  clipNorm: {
    type: 'number',
    min: 0,
    default: 1,
    group: OPTIMISER,
    description: 'the largest norm of a gradient; 0 does not clip',
  },
  beta1: {
    type: 'number',
    min: 0,
    max: 0.9999999,
    default: 0.9,
    group: OPTIMISER,
    description: "decay of the gradient's mean",
  },
  beta2: {
    type: 'number',
    min: 0,
    max: 0.9999999,
    default: 0.98,
    group: OPTIMISER,
    description: 'decay of the mean of its square',
  },
  epsilon: { type: 'number', min: 0, default: 1e-6, group: OPTIMISER, description: 'added to the root of that' },
  sample: {
    type: 'text',
    kind: 'image',
    access: 'read',
    placeholder: 'IMAGE',
    group: SHOWN,
    description: 'the picture whose caption is shown',
    otherwise: 'the first of DATA',
  },
  sampleEvery: {
    type: 'integer',
    min: 0,
    default: 100,
    group: SHOWN,
    description: 'steps from caption to caption; 0 for none',
  },
  validateEvery: {
    type: 'integer',
    min: 1,
    default: 500,
    group: SHOWN,
    description: 'with --validation: steps from one to the next',
  },
  logEvery: {
    type: 'integer',
    min: 1,
    default: 10,
    group: SHOWN,
    description: 'steps from line to line, where lines are written',
  },
} as const satisfies OptionSpecs;

/** @throws CocaError `usage` for a part that there is not, or when nothing is left */
export function parseFreeze(text: string | undefined): Part[] {
  const words = (text ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  for (const word of words) {
    if ((PARTS as readonly string[]).includes(word)) continue;
    throw new CocaError('usage', `--freeze takes ${PARTS.join(', ')}, not '${word}'`, didYouMean(word, PARTS));
  }
  return PARTS.filter((part) => words.includes(part));
}
