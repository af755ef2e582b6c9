import type { ChoiceKnob, KnobValues, NumberKnob } from '../base/knob.js';

type DecodingKnob = (NumberKnob | ChoiceKnob) & {
  /** The strategy that it means something to; every one where this is missing. */
  readonly only?: 'beam' | 'sample';
  /** Whose scoring has it, where only one has. */
  readonly scoring?: 'transformers';
  /** The value that changes nothing, where that is not the default. */
  readonly off?: number;
  /**
   * By how much the arrow keys of a walk change it, or the order in which they go through its choices. A knob without it
   * stays what it was when the search began.
   */
  readonly by?: number | readonly (string | boolean)[];
};

/**
 * What shapes a search, in the order in which help and views list it.
 *
 * Lengths count ids as OpenCLIP does: the start token, the prompt and the end token included.
 */
export const DECODING_KNOBS = {
  /** One beam is greedy search (as in transformers): asked for `beam` with one beam, this says `greedy`. */
  strategy: {
    type: 'choice',
    choices: ['beam', 'greedy', 'sample'],
    default: 'beam',
    does: 'how the next token is chosen',
  },
  /**
   * By whose rules captions are scored and end. `transformers`: sums of log-probabilities over generated ids. `openclip`: as
   * `CoCa.generate` of OpenCLIP does it, for the very ids that it gives. A beam search adds up logits and counts the start
   * token in the length; else a generated padding id ends a caption, and the end token is written over a last id.
   */
  scoring: {
    type: 'choice',
    choices: ['transformers', 'openclip'],
    default: 'transformers',
    does: "whose rules score and end captions; openclip gives the ids of OpenCLIP's generate()",
  },
  /** Hypotheses kept side by side, over all groups; 1 unless the strategy is `beam`. */
  beams: {
    type: 'integer',
    min: 1,
    default: 6,
    off: 1,
    only: 'beam',
    by: 1,
    does: 'hypotheses kept side by side',
  },
  /** Groups of diverse beam search (Vijayakumar et al. 2016); 1 is plain beam search. */
  groups: { type: 'integer', min: 1, default: 1, only: 'beam', does: 'groups of diverse beam search' },
  /**
   * What a token costs, in log-probability, for each beam of an earlier group that just chose it; 0 with one group. With 0
   * every group finds the same: groups are then narrower searches side by side, as in OpenCLIP.
   */
  diversity: {
    type: 'number',
    min: 0,
    default: 0.5,
    otherwise: '0.5 with groups',
    off: 0,
    only: 'beam',
    scoring: 'transformers',
    by: 0.1,
    does: 'what a group pays for a token that an earlier group chose',
  },
  /** The most ids a caption has. */
  maxLength: { type: 'integer', min: 2, default: 30, by: 1, does: 'most ids, start and end included' },
  /** The end token is not chosen before there are so many ids. */
  minLength: { type: 'integer', min: 0, default: 5, by: 1, does: 'fewest ids, start and end included' },
  /** score = sum of log-probabilities / generated ids ** lengthPenalty: above 0 favours long captions. */
  lengthPenalty: {
    type: 'number',
    default: 1,
    scoring: 'transformers',
    by: 0.1,
    does: 'score = log-probability / length ** this: higher favours longer captions',
  },
  /**
   * When a beam search ends: `true` as soon as `beams` captions are finished; `false` when no running beam beats them at
   * the present length; `'never'` when none could at any length.
   */
  earlyStopping: {
    type: 'choice',
    choices: [true, false, 'never'],
    default: false,
    only: 'beam',
    scoring: 'transformers',
    by: [false, true, 'never'],
    does: 'end a search as soon as there are as many captions as beams',
  },
  /** Above 1 makes ids already present less likely (Keskar et al. 2019); 1 is off. */
  repetitionPenalty: {
    type: 'number',
    above: 0,
    default: 1,
    by: 0.1,
    does: 'above 1 makes tokens that are there less likely',
  },
  /** No n ids in a row occur twice; 0 is off. */
  noRepeatNgram: {
    type: 'integer',
    min: 0,
    default: 0,
    scoring: 'transformers',
    by: 1,
    does: 'no N tokens in a row occur twice; 0 is off',
  },
  /** Logits are divided by it before sampling. */
  temperature: {
    type: 'number',
    above: 0,
    default: 1,
    needs: 'a number above 0 (for none, search greedily)',
    only: 'sample',
    by: 0.1,
    does: 'sampling: above 1 bolder, below 1 safer',
  },
  /** Sample among the k likeliest tokens; 0 is off. */
  topK: {
    type: 'integer',
    min: 0,
    default: 0,
    only: 'sample',
    by: 1,
    does: 'sampling: among the N likeliest; 0 is off',
  },
  /** Sample among the likeliest tokens that together have this probability (Holtzman et al. 2020); 1 is off. */
  topP: {
    type: 'number',
    above: 0,
    max: 1,
    default: 1,
    only: 'sample',
    by: 0.05,
    does: 'sampling: among the likeliest that make up this probability',
  },
  /** Sample among tokens at least this fraction as likely as the likeliest (Nguyen et al. 2024); 0 is off. */
  minP: {
    type: 'number',
    min: 0,
    max: 1,
    default: 0,
    only: 'sample',
    scoring: 'transformers',
    by: 0.01,
    does: 'sampling: among those at least this fraction of the likeliest',
  },
  /** How many captions come out: the best beams, or so many independent samples. */
  num: { type: 'integer', min: 1, default: 1, does: 'captions for each picture, best first' },
  /** What samples are drawn with: the same seed gives the same captions. Beam and greedy search draw nothing. */
  seed: { type: 'integer', min: 0, default: 0 },
  /** How many of the likeliest tokens are reported for every generated one. */
  logprobs: { type: 'integer', min: 0, default: 0 },
  /** How many of the likeliest tokens of every beam are recorded at each step with what became of them; 0 is off. */
  trace: { type: 'integer', min: 0, default: 0 },
} as const satisfies Readonly<Record<string, DecodingKnob>>;

type Knobs = typeof DECODING_KNOBS;

/** Every choice a search makes, complete and checked: made by `decodingOptions`. */
export type DecodingOptions = KnobValues<Knobs>;

/** How the next token is chosen. */
export type Strategy = DecodingOptions['strategy'];

export type DecodingKnobName = keyof Knobs;

/** Names of the knobs that a search can be given anew while it runs. */
export type ChangeableName = { [Name in keyof Knobs]: Knobs[Name] extends { by: unknown } ? Name : never }[keyof Knobs];

/** The definition of a knob, with all that it may say. */
export const knobOf = (name: DecodingKnobName): DecodingKnob => DECODING_KNOBS[name];

export const KNOB_NAMES = Object.keys(DECODING_KNOBS) as DecodingKnobName[];

/** Options that a search can take on while it runs. */
export const CHANGEABLE = KNOB_NAMES.filter((name) => knobOf(name).by !== undefined) as ChangeableName[];

/** Whether a knob means something to a search of this strategy and scoring. */
export function isOf(
  name: DecodingKnobName,
  { strategy, scoring }: Pick<DecodingOptions, 'strategy' | 'scoring'>,
): boolean {
  const knob = knobOf(name);
  return (knob.only ?? strategy) === strategy && (knob.scoring ?? scoring) === scoring;
}

/** The values with which those knobs change nothing that only one strategy, or only one scoring, has. */
export function neutral(only: 'beam' | 'sample' | 'transformers'): Partial<DecodingOptions> {
  const names = KNOB_NAMES.filter((name) => knobOf(name).only === only || knobOf(name).scoring === only);
  return Object.fromEntries(names.map((name) => [name, knobOf(name).off ?? knobOf(name).default]));
}
