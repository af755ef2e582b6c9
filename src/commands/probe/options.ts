import type { OptionSpecs, OptionValues } from '../../cli/command.js';
import { kebab } from '../../cli/command.js';
import { commaList } from '../../cli/values.js';
import { CocaError } from '../../model/base/errors.js';
import { HEADS, QUERIES } from '../../model/probing/kinds.js';
import { DATA_OPTIONS } from '../io/data-options.js';

const HEAD = 'Head';
const DATA = 'Data';
const { imageField, imageFolder } = DATA_OPTIONS;

export const PROBE_OPTIONS = {
  output: {
    type: 'text',
    kind: 'file',
    access: 'write',
    short: 'o',
    placeholder: 'HEAD',
    description: 'where the head is written, a .safetensors file',
  },
  shots: {
    type: 'text',
    placeholder: 'N,N,...',
    description:
      'also heads on N pictures of every class, for each N: the mean accuracy, and its deviation over the seeds',
  },
  seeds: { type: 'integer', min: 1, max: 1000, default: 5, description: 'with --shots: how often pictures are drawn' },
  test: {
    type: 'text',
    kind: 'file',
    placeholder: 'DATA',
    group: DATA,
    description: 'what accuracy is measured on',
    otherwise: 'the share of --hold-out',
  },
  holdOut: {
    type: 'number',
    min: 0,
    max: 0.9,
    default: 0.2,
    group: DATA,
    description: 'share of every class that is not learned from, and measured on',
  },
  classes: {
    type: 'text',
    kind: 'file',
    access: 'read',
    placeholder: 'FILE',
    group: DATA,
    description: 'class names, one a line by their numbers, or LABEL<TAB>NAME',
    otherwise: 'the labels',
  },
  imageField: { ...imageField, group: DATA },
  imageFolder: { ...imageFolder, group: DATA },
  head: {
    type: 'choice',
    choices: HEADS,
    placeholder: 'KIND',
    default: 'linear',
    group: HEAD,
    description: 'a linear layer, or attentional pooling over the image tokens with a linear layer behind it',
  },
  features: {
    type: 'choice',
    choices: ['embedding', 'tokens'],
    placeholder: 'WHAT',
    default: 'embedding',
    group: HEAD,
    description: 'with --head linear: what it is on, the embedding or the mean of the image tokens',
  },
  c: {
    type: 'number',
    min: 1e-9,
    max: 1e9,
    group: HEAD,
    description: "with --head linear: the inverse of the penalty's strength, as scikit-learn's C",
    otherwise: 'chosen by a validation split; with --shots 1',
  },
  queries: {
    type: 'choice',
    choices: QUERIES,
    placeholder: 'WHICH',
    default: 'one',
    group: HEAD,
    description: 'with --head pooler: one query for all classes, or one for each',
  },
  steps: { type: 'integer', min: 1, default: 200, group: HEAD, description: 'with --head pooler: steps of AdamW' },
  batch: { type: 'integer', min: 1, default: 32, group: HEAD, description: 'with --head pooler: pictures of a step' },
  learningRate: {
    type: 'number',
    min: 0,
    default: 1e-3,
    group: HEAD,
    description: 'with --head pooler: the highest; it rises over a tenth of the steps and falls along a cosine',
  },
  weightDecay: { type: 'number', min: 0, default: 0.05, group: HEAD, description: 'with --head pooler: of matrices' },
} as const satisfies OptionSpecs;

export type ProbeOptions = OptionValues<typeof PROBE_OPTIONS>;

/** Options that only one kind of head knows. */
const BELONGS = {
  linear: ['features', 'c'],
  pooler: ['queries', 'steps', 'batch', 'learningRate', 'weightDecay'],
} as const;

/** @throws CocaError `usage` for what cannot be had together, and for shots that are none */
export function checkProbe(options: ProbeOptions, typed: ReadonlySet<string>): void {
  const other = options.head === 'linear' ? 'pooler' : 'linear';
  const stray = BELONGS[other].find((name) => typed.has(name));
  if (stray !== undefined) throw new CocaError('usage', `--${kebab(stray)} means nothing without --head ${other}`);
  if (typed.has('test') && typed.has('holdOut')) {
    throw new CocaError('usage', '--test and --hold-out exclude each other');
  }
  const shots = shotsOf(options.shots);
  if (shots.length === 0) {
    if (typed.has('seeds')) throw new CocaError('usage', '--seeds means nothing without --shots');
    if (options.output === undefined) {
      throw new CocaError(
        'usage',
        '-o HEAD is missing',
        'say where the head is to be written, or --shots to only measure',
      );
    }
  } else if (options.test === undefined && options.holdOut === 0) {
    throw new CocaError('usage', '--shots with --hold-out 0 has nothing to measure on', 'name other data with --test');
  }
}

/** Numbers of shots, ascending, each once. */
export function shotsOf(text: string | undefined): readonly number[] {
  if (text === undefined) return [];
  const shots = commaList(text);
  const wrong = shots.find((one) => !/^[1-9]\d{0,5}$/.test(one));
  if (wrong !== undefined) {
    throw new CocaError(
      'usage',
      `--shots '${text}': ${JSON.stringify(wrong)} is no number of pictures`,
      '--shots 1,2,4,8,16',
    );
  }
  return [...new Set(shots.map(Number))].sort((a, b) => a - b);
}
