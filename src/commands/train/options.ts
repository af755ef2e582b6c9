import type { ChoiceOption, FlagOption, NumberOption, OptionSpecs } from '../../cli/command.js';
import { commaList } from '../../cli/values.js';
import { CocaError } from '../../model/base/errors.js';
import type { Knob } from '../../model/base/knob.js';
import { didYouMean } from '../../model/base/names/suggest.js';
import { PARTS, type Part } from '../../model/training/parts.js';
import { TRAINING_KNOBS } from '../../model/training/run/knobs.js';
import { DATA_OPTIONS } from '../io/data-options.js';
import { optionOfKnob } from '../io/knob-options.js';

const RUN = 'Run';
const MODEL = 'Model to start from';
const DATA = 'Data';
const OBJECTIVE = 'Objective';
const OPTIMISER = 'Optimiser';
const SHOWN = 'What is shown';

type Knobs = typeof TRAINING_KNOBS;
type NameAbout<About> = { [Name in keyof Knobs]: Knobs[Name] extends { about: About } ? Name : never }[keyof Knobs];

/** A setting whose default the command passes on, or undefined where it depends on others. */
type SettingOption<K> = K extends { type: 'flag' }
  ? FlagOption
  : K extends { choices: infer Choices extends readonly string[] }
    ? ChoiceOption & { readonly choices: Choices; readonly default: string }
    : K extends { default: number }
      ? NumberOption & { readonly default: number }
      : NumberOption;

/** The settings of a run that are about one thing, as options under a heading. */
function settingOptions<const About extends string>(about: About, group: string) {
  const knobs = Object.entries<Knob & { about?: string }>(TRAINING_KNOBS).filter(([, knob]) => knob.about === about);
  const options = knobs.map(([name, knob]) => {
    const value = 'default' in knob ? { default: knob.default } : {};
    return [name, { ...optionOfKnob(knob, 'KIND'), ...value, group }];
  });
  return Object.fromEntries(options) as { readonly [Name in NameAbout<About>]: SettingOption<Knobs[Name]> };
}

// Without a default of its own: --epochs may stand in its place.
const {
  steps: { default: _, ...steps },
  ...run
} = settingOptions('run', RUN);

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
  steps,
  epochs: { type: 'number', min: 0, group: RUN, description: 'instead of --steps: how often every sample is seen' },
  batch: run.batch,
  accumulate: run.accumulate,
  saveEvery: { type: 'integer', min: 1, default: 500, group: RUN, description: 'steps from checkpoint to checkpoint' },
  keep: { type: 'integer', min: 2, default: 2, group: RUN, description: 'how many checkpoints are kept' },
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
  ...settingOptions('data', DATA),
  imageField: { ...DATA_OPTIONS.imageField, group: DATA },
  captionField: { ...DATA_OPTIONS.captionField, group: DATA },
  imageFolder: { ...DATA_OPTIONS.imageFolder, group: DATA },
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
  ...settingOptions('objective', OBJECTIVE),
  ...settingOptions('optimiser', OPTIMISER),
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
  const words = commaList(text ?? '').filter((word) => word !== '');
  for (const word of words) {
    if ((PARTS as readonly string[]).includes(word)) continue;
    throw new CocaError('usage', `--freeze takes ${PARTS.join(', ')}, not '${word}'`, didYouMean(word, PARTS));
  }
  return PARTS.filter((part) => words.includes(part));
}
