import type { OptionSpec } from '../../cli/command.js';
import type { Coca } from '../../model/api.js';
import { contextLength } from '../../model/config/config.js';
import {
  DECODING_KNOBS,
  type DecodingKnobName,
  type DecodingOptions,
  KNOB_NAMES,
  knobOf,
} from '../../model/decoding/knobs.js';
import { optionOfKnob } from './knob-options.js';

type SearchName = {
  [Name in DecodingKnobName]: (typeof DECODING_KNOBS)[Name] extends { does: string } ? Name : never;
}[DecodingKnobName];

const optionNames = KNOB_NAMES.filter((name) => knobOf(name).does !== undefined) as SearchName[];

/** Options that shape a search, by the names that `decodingOptions` gives them. */
export const DECODING_OPTIONS = Object.fromEntries(
  optionNames.map((name) => [name, optionOfKnob(DECODING_KNOBS[name], 'HOW')]),
) as { readonly [Name in SearchName]: OptionSpec };

export const PROMPT_OPTION = {
  prompt: { type: 'text', kind: 'text', placeholder: 'TEXT', description: 'how the caption begins' },
} as const;

type SearchValues = Readonly<Partial<Record<DecodingKnobName, unknown>>>;

/** The search options that were typed; what was not is for `decodingOptions` to complete, and to check. */
export function searchOptions(
  options: SearchValues,
  typed: ReadonlySet<string>,
  { config }: Pick<Coca, 'config'>,
): Promise<DecodingOptions> {
  return completeOptions(options, typed, contextLength(config));
}

/**
 * Checks search options against each other while no model is known.
 * @throws CocaError `usage` for what contradicts itself, whatever the model
 */
export async function checkSearchOptions(options: SearchValues, typed: ReadonlySet<string>): Promise<void> {
  await completeOptions(options, typed, Number.POSITIVE_INFINITY);
}

async function completeOptions(
  options: SearchValues,
  typed: ReadonlySet<string>,
  contextLength: number,
): Promise<DecodingOptions> {
  const { decodingOptions } = await import('../../model/decoding/index.js');
  const given = Object.fromEntries(KNOB_NAMES.filter((name) => typed.has(name)).map((name) => [name, options[name]]));
  return decodingOptions(given as Partial<DecodingOptions>, { contextLength });
}
