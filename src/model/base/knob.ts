/**
 * One setting of a computation, defined once: which values it takes, its default and what it is for. Checks, readers of
 * files, the options of commands and the keys of views come from the definition.
 */
interface KnobBase {
  /** What it is for, in a line. A knob without this line is no option of a command. */
  readonly does?: string;
  /** The default in words, where it depends on other values. */
  readonly otherwise?: string;
  /** What a value must be, where type and bounds alone do not tell. */
  readonly needs?: string;
}

/** A number; `above` is a bound that is itself excluded. */
export interface NumberKnob extends KnobBase {
  readonly type: 'integer' | 'number';
  readonly default?: number;
  readonly min?: number;
  readonly above?: number;
  readonly max?: number;
}

export interface ChoiceKnob extends KnobBase {
  readonly type: 'choice';
  readonly choices: readonly (string | boolean)[];
  readonly default?: string | boolean;
}

export interface FlagKnob extends KnobBase {
  readonly type: 'flag';
}

export type Knob = NumberKnob | ChoiceKnob | FlagKnob;

type KnobValue<K> = K extends { choices: readonly (infer Choice)[] } ? Choice : K extends FlagKnob ? boolean : number;

/** A value for each of a set of knobs. */
export type KnobValues<Knobs extends Readonly<Record<string, Knob>>> = {
  readonly [Name in keyof Knobs]: KnobValue<Knobs[Name]>;
};

/** Whether a value is one that a knob takes. */
export function fits(knob: Knob, value: unknown): boolean {
  if (knob.type === 'flag') return typeof value === 'boolean';
  if (knob.type === 'choice') return knob.choices.some((choice) => choice === value);
  const { min = Number.NEGATIVE_INFINITY, above = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = knob;
  if (typeof value !== 'number' || !Number.isFinite(value)) return false;
  if (knob.type === 'integer' && !Number.isSafeInteger(value)) return false;
  return value >= min && value > above && value <= max;
}

/** What a value of a knob must be, as the end of "it must be". */
export function needs(knob: Knob): string {
  if (knob.needs !== undefined) return knob.needs;
  if (knob.type === 'flag') return 'true or false';
  if (knob.type === 'choice') return `${knob.choices.slice(0, -1).join(', ')} or ${knob.choices.at(-1)}`;
  const { min, above, max } = knob;
  const what = knob.type === 'integer' ? 'a whole number' : 'a number';
  if (max !== undefined) return above === undefined ? `from ${min} to ${max}` : `above ${above} and at most ${max}`;
  if (above !== undefined) return `${what} above ${above}`;
  return min === undefined ? what : `${what} from ${min} up`;
}

/** `maxLength` as it is typed: `max-length`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
