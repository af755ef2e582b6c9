import { CocaError } from '../base/errors.js';
import { fits, needs } from '../base/knob.js';
import { DECODING_KNOBS, type DecodingOptions, KNOB_NAMES, knobOf, neutral } from './knobs.js';

/** Values that change nothing, so that giving them is no contradiction. */
const BEAM_ONLY = neutral('beam');
const SAMPLE_ONLY = neutral('sample');
const TRANSFORMERS_ONLY = neutral('transformers');

/** `noRepeatNgram` -> `no repeat ngram`: a name that reads the same on a command line and in code. */
const spoken = (name: string) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

function refuse(message: string, hint: string): never {
  throw new CocaError('usage', message, hint);
}

/**
 * Refuses options that change something and that only another choice has.
 * @param choice what was chosen, as `strategy greedy`
 * @param other what has them, in the same words
 */
function refuseUnused(
  given: Partial<DecodingOptions>,
  unused: Partial<DecodingOptions>,
  choice: string,
  other: string,
): void {
  for (const [name, value] of Object.entries(unused)) {
    const asked = given[name as keyof DecodingOptions];
    if (asked !== undefined && asked !== value) {
      refuse(`${spoken(name)} ${asked} means nothing to ${choice}`, `leave ${spoken(name)} out, or choose ${other}`);
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
  for (const name of KNOB_NAMES) {
    const value = given[name];
    const knob = knobOf(name);
    if (value !== undefined && !fits(knob, value)) {
      refuse(`${spoken(name)} is ${String(value)}`, `${spoken(name)} must be ${needs(knob)}`);
    }
  }
  const options = completed(given, model.contextLength);
  if (options.maxLength > model.contextLength) {
    refuse(
      `max length ${options.maxLength} is more than the ${model.contextLength} ids this model takes`,
      `choose at most ${model.contextLength}`,
    );
  }
  if (options.minLength > options.maxLength) {
    refuse(
      `min length ${options.minLength} is more than max length ${options.maxLength}`,
      'lower the one or raise the other (both count the start token and the prompt)',
    );
  }
  const { strategy } = options;
  const choice = `strategy ${strategy}`;
  if (options.scoring === 'openclip') checkOpenClip(given, options);
  if (strategy === 'sample') {
    refuseUnused(given, BEAM_ONLY, choice, 'strategy beam');
    return Object.freeze({ ...options, ...BEAM_ONLY });
  }
  refuseUnused(given, SAMPLE_ONLY, choice, 'strategy sample');
  if (strategy === 'greedy') {
    refuseUnused(given, BEAM_ONLY, choice, 'strategy beam');
    if (options.num > 1) {
      refuse(`greedy search finds one caption, not ${options.num}`, 'choose strategy beam or sample for alternatives');
    }
    return Object.freeze({ ...options, ...BEAM_ONLY });
  }
  checkBeams(options);
  return Object.freeze(options.beams === 1 ? { ...options, ...BEAM_ONLY, strategy: 'greedy' } : options);
}

function completed(given: Partial<DecodingOptions>, contextLength: number): DecodingOptions {
  const names = KNOB_NAMES.map((name) => [name, given[name] ?? DECODING_KNOBS[name].default]);
  const options = Object.fromEntries(names) as DecodingOptions;
  const maxLength = given.maxLength ?? Math.min(options.maxLength, contextLength);
  return {
    ...options,
    maxLength,
    minLength: given.minLength ?? Math.min(options.minLength, maxLength - 1),
    diversity: given.diversity ?? (options.groups > 1 && options.scoring === 'transformers' ? options.diversity : 0),
  };
}

/** Refuses what `CoCa.generate` does not have. */
function checkOpenClip(given: Partial<DecodingOptions>, { minLength, maxLength, topK, topP }: DecodingOptions): void {
  refuseUnused(given, TRANSFORMERS_ONLY, 'scoring openclip', 'scoring transformers');
  if (minLength >= maxLength) {
    refuse(
      `with scoring openclip min length ${minLength} must be below max length ${maxLength}`,
      'lower the one or raise the other (OpenCLIP writes the end token over the last id)',
    );
  }
  if (topK > 0 && topP < 1) {
    refuse(`scoring openclip samples by top k ${topK} or by top p ${topP}, not by both`, 'leave one of them out');
  }
}

function checkBeams({ beams, groups, diversity, num }: DecodingOptions): void {
  if (beams % groups !== 0) {
    refuse(`${beams} beams cannot be divided into ${groups} groups`, 'choose a number of beams that the groups divide');
  }
  if (groups === 1 && diversity !== 0) {
    refuse(`diversity ${diversity} means nothing to one group of beams`, 'choose more groups, or leave diversity out');
  }
  if (num > beams) {
    refuse(`${beams} beams cannot give ${num} captions`, `choose at least ${num} beams`);
  }
}
