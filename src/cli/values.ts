import { CocaError } from '../model/base/errors.js';
import { didYouMean } from '../model/base/names/suggest.js';
import { type ChoiceOption, kebab, type NumberOption } from './command.js';

/**
 * Reads a number as a person types it.
 * @throws CocaError `usage` for anything else, and for one out of range
 */
export function parseNumber(
  name: string,
  spec: Pick<NumberOption, 'type' | 'min' | 'max' | 'words'>,
  text: string,
): number {
  const flag = `--${kebab(name)}`;
  const words = spec.words ?? {};
  if (Object.hasOwn(words, text)) return words[text]!;
  const wanted = orList([spec.type === 'integer' ? 'a whole number' : 'a number', ...Object.keys(words)]);
  const pattern = spec.type === 'integer' ? /^[+-]?\d+$/ : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  const value = Number(text);
  if (!pattern.test(text) || !Number.isFinite(value)) {
    throw new CocaError('usage', `${flag} takes ${wanted}, not '${text}'`);
  }
  const { min, max } = spec;
  if ((min !== undefined && value < min) || (max !== undefined && value > max)) {
    const range =
      min === undefined ? `at most ${max}` : max === undefined ? `at least ${min}` : `between ${min} and ${max}`;
    throw new CocaError('usage', `${flag} must be ${range}, not ${text}`);
  }
  return value;
}

/**
 * Reads one of a few words.
 * @throws CocaError `usage` with a guess for any other
 */
export function parseChoice(name: string, spec: Pick<ChoiceOption, 'choices' | 'numbered'>, text: string): string {
  if (spec.choices.includes(text)) return text;
  const { word, number } = /^(?<word>[^:]+):(?<number>.*)$/s.exec(text)?.groups ?? {};
  const isNumbered = word !== undefined && spec.numbered?.includes(word) === true;
  if (isNumbered && /^(0|[1-9]\d{0,8})$/.test(number!)) return text;
  const hint = isNumbered
    ? `What follows ${word}: is a whole number, from 0.`
    : word !== undefined && spec.numbered && spec.choices.includes(word)
      ? `${word} takes no number.`
      : didYouMean(spec.numbered ? (word ?? text) : text, spec.choices);
  throw new CocaError('usage', `--${kebab(name)} takes ${orList(withNumbers(spec))}, not '${text}'`, hint);
}

/** The words of a choice as help writes them: `cuda[:N]` for one that can have a number. */
export const withNumbers = ({ choices, numbered = [] }: Pick<ChoiceOption, 'choices' | 'numbered'>): string[] =>
  choices.map((word) => (numbered.includes(word) ? `${word}[:N]` : word));

function orList(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** What commas part, without the white space around it. */
export const commaList = (text: string): string[] => text.split(',').map((word) => word.trim());
