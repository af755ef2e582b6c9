import { CocaError } from '../base/errors.js';

/** How the next token is chosen. */
export type Strategy = 'beam' | 'greedy' | 'sample';

/**
 * Every choice a search makes, complete and checked: made by `decodingOptions`.
 *
 * Lengths count ids as OpenCLIP does: the start token, the prompt and the end token included.
 */
export interface DecodingOptions {
  /** One beam is greedy search (as in transformers): asked for `beam` with one beam, this says `greedy`. */
  readonly strategy: Strategy;
  /** Hypotheses kept side by side, over all groups; 1 unless the strategy is `beam`. */
  readonly beams: number;
  /** Groups of diverse beam search (Vijayakumar et al. 2016); 1 is plain beam search. */
  readonly groups: number;
  /** What a token costs, in log-probability, for each beam of an earlier group that just chose it; 0 with one group. */
  readonly diversity: number;
  /** The most ids a caption has. */
  readonly maxLength: number;
  /** The end token is not chosen before there are so many ids. */
  readonly minLength: number;
  /** score = sum of log-probabilities / generated ids ** lengthPenalty: above 0 favours long captions. */
  readonly lengthPenalty: number;
  /**
   * When a beam search ends: `true` as soon as `beams` captions are finished; `false` when no running beam beats them at
   * the present length; `'never'` when none could at any length.
   */
  readonly earlyStopping: boolean | 'never';
  /** Above 1 makes ids already present less likely (Keskar et al. 2019); 1 is off. */
  readonly repetitionPenalty: number;
  /** No n ids in a row occur twice; 0 is off. */
  readonly noRepeatNgram: number;
  /** Logits are divided by it before sampling. */
  readonly temperature: number;
  /** Sample among the k likeliest tokens; 0 is off. */
  readonly topK: number;
  /** Sample among the likeliest tokens that together have this probability (Holtzman et al. 2020); 1 is off. */
  readonly topP: number;
  /** Sample among tokens at least this fraction as likely as the likeliest (Nguyen et al. 2024); 0 is off. */
  readonly minP: number;
  /** How many captions come out: the best beams, or so many independent samples. */
  readonly num: number;
  /** What samples are drawn with: the same seed gives the same captions. Beam and greedy search draw nothing. */
  readonly seed: number;
  /** How many of the likeliest tokens are reported for every generated one. */
  readonly logprobs: number;
  /** How many of the likeliest tokens of every beam are recorded at each step with what became of them; 0 is off. */
  readonly trace: number;
}

const WHOLE = (least: number) => ({
  ok: (value: unknown) => Number.isSafeInteger(value) && (value as number) >= least,
  needs: `a whole number from ${least} up`,
});
const finite = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

/** What each value on its own must be. */
const RANGES: { [Name in keyof DecodingOptions]: { ok: (value: unknown) => boolean; needs: string } } = {
  strategy: {
    ok: (value) => value === 'beam' || value === 'greedy' || value === 'sample',
    needs: 'beam, greedy or sample',
  },
  beams: WHOLE(1),
  groups: WHOLE(1),
  diversity: { ok: (value) => finite(value) && value >= 0, needs: 'a number from 0 up' },
  maxLength: WHOLE(2),
  minLength: WHOLE(0),
  lengthPenalty: { ok: finite, needs: 'a number' },
  earlyStopping: { ok: (value) => typeof value === 'boolean' || value === 'never', needs: "true, false or 'never'" },
  repetitionPenalty: { ok: (value) => finite(value) && value > 0, needs: 'a number above 0' },
  noRepeatNgram: WHOLE(0),
  temperature: { ok: (value) => finite(value) && value > 0, needs: 'a number above 0 (for none, search greedily)' },
  topK: WHOLE(0),
  topP: { ok: (value) => finite(value) && value > 0 && value <= 1, needs: 'above 0 and at most 1' },
  minP: { ok: (value) => finite(value) && value >= 0 && value <= 1, needs: 'from 0 to 1' },
  num: WHOLE(1),
  seed: WHOLE(0),
  logprobs: WHOLE(0),
  trace: WHOLE(0),
};

/** Values that change nothing, so that giving them is no contradiction. */
const BEAM_ONLY = { beams: 1, groups: 1, diversity: 0, earlyStopping: false } as const;
const SAMPLE_ONLY = { temperature: 1, topK: 0, topP: 1, minP: 0 } as const;

/** `noRepeatNgram` -> `no repeat ngram`: a name that reads the same on a command line and in code. */
const spoken = (name: string) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

function refuse(message: string, hint: string): never {
  throw new CocaError('usage', message, hint);
}

function refuseUnused(given: Partial<DecodingOptions>, neutral: Partial<DecodingOptions>, strategy: Strategy): void {
  const belongs = neutral === SAMPLE_ONLY ? 'sample' : 'beam';
  for (const [name, value] of Object.entries(neutral)) {
    const asked = given[name as keyof DecodingOptions];
    if (asked !== undefined && asked !== value) {
      refuse(
        `${spoken(name)} ${asked} means nothing to strategy ${strategy}`,
        `leave ${spoken(name)} out, or choose strategy ${belongs}`,
      );
    }
  }
}

/**
 * Completes and checks options: what is not given gets its default, and what contradicts itself is refused.
 *
 * @param given only what was asked for; a complete set (to change one of its values) is as good.
 * @param model `contextLength`: ids the model takes. The default max length, 30, is lowered to it.
 * @throws CocaError `usage` for a value out of range, and for options that cannot be had together.
 */
export function decodingOptions(
  given: Partial<DecodingOptions>,
  model: { readonly contextLength: number },
): DecodingOptions {
  for (const [name, range] of Object.entries(RANGES)) {
    const value = given[name as keyof DecodingOptions];
    if (value !== undefined && !range.ok(value)) {
      refuse(`${spoken(name)} is ${String(value)}`, `${spoken(name)} must be ${range.needs}`);
    }
  }
  const asked = given.strategy ?? 'beam';
  const maxLength = given.maxLength ?? Math.min(30, model.contextLength);
  const shared = {
    maxLength,
    minLength: given.minLength ?? Math.min(5, maxLength - 1),
    lengthPenalty: given.lengthPenalty ?? 1,
    repetitionPenalty: given.repetitionPenalty ?? 1,
    noRepeatNgram: given.noRepeatNgram ?? 0,
    num: given.num ?? 1,
    seed: given.seed ?? 0,
    logprobs: given.logprobs ?? 0,
    trace: given.trace ?? 0,
  };
  if (shared.maxLength > model.contextLength) {
    refuse(
      `max length ${shared.maxLength} is more than the ${model.contextLength} ids this model takes`,
      `choose at most ${model.contextLength}`,
    );
  }
  if (shared.minLength > shared.maxLength) {
    refuse(
      `min length ${shared.minLength} is more than max length ${shared.maxLength}`,
      'lower the one or raise the other (both count the start token and the prompt)',
    );
  }
  if (asked === 'sample') {
    refuseUnused(given, BEAM_ONLY, asked);
    const { temperature = 1, topK = 0, topP = 1, minP = 0 } = given;
    return Object.freeze({ ...shared, ...BEAM_ONLY, strategy: asked, temperature, topK, topP, minP });
  }
  refuseUnused(given, SAMPLE_ONLY, asked);
  if (asked === 'greedy') {
    refuseUnused(given, BEAM_ONLY, asked);
    if (shared.num > 1) {
      refuse(`greedy search finds one caption, not ${shared.num}`, 'choose strategy beam or sample for alternatives');
    }
    return Object.freeze({ ...shared, ...BEAM_ONLY, ...SAMPLE_ONLY, strategy: asked });
  }
  return beamOptions(given, shared);
}

function beamOptions(
  given: Partial<DecodingOptions>,
  shared: Omit<DecodingOptions, 'strategy' | keyof typeof BEAM_ONLY | keyof typeof SAMPLE_ONLY>,
): DecodingOptions {
  const { beams = 6, groups = 1, earlyStopping = false } = given;
  const diversity = given.diversity ?? (groups > 1 ? 0.5 : 0);
  if (beams % groups !== 0) {
    refuse(`${beams} beams cannot be divided into ${groups} groups`, 'choose a number of beams that the groups divide');
  }
  if (groups > 1 && diversity === 0) {
    refuse(`${groups} groups with diversity 0 would all find the same`, 'choose a diversity above 0, or one group');
  }
  if (groups === 1 && diversity !== 0) {
    refuse(`diversity ${diversity} means nothing to one group of beams`, 'choose more groups, or leave diversity out');
  }
  if (shared.num > beams) {
    refuse(`${beams} beams cannot give ${shared.num} captions`, `choose at least ${shared.num} beams`);
  }
  if (beams === 1) return Object.freeze({ ...shared, ...BEAM_ONLY, ...SAMPLE_ONLY, strategy: 'greedy' });
  return Object.freeze({ ...shared, ...SAMPLE_ONLY, strategy: 'beam', beams, groups, diversity, earlyStopping });
}
