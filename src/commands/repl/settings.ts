import { type Command, GLOBAL_OPTIONS, type Invocation, kebab, type OptionSpec, withVerbs } from '../../cli/command.js';
import { parseChoice, parseNumber } from '../../cli/values.js';
import { CocaError } from '../../model/base/errors.js';
import { didYouMean } from '../../model/base/names/suggest.js';
import { allOptions } from './line/arguments.js';

const ON = ['on', 'true', 'yes'];
const OFF = ['off', 'false', 'no'];

/** One option that is set, for a command that takes it. */
export interface Setting {
  readonly name: string;
  /** As words of the command's line. */
  readonly words: readonly string[];
  /** Its value; throws `usage` where this command takes no such value. */
  readonly read: () => Invocation['options'][string];
}

/** Options that a session gives to each of its commands that takes them, unless one is typed. */
export class Settings {
  readonly #values = new Map<string, string>();

  constructor(private readonly commands: readonly Command[]) {}

  /** What is set, in the order in which it was. */
  entries(): readonly (readonly [name: string, value: string])[] {
    return [...this.#values];
  }

  /** The value of an option, if it is set. */
  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** How many frames clips have, where that is set: then a folder is one. */
  get frames(): number | undefined {
    const frames = this.get('frames');
    return frames === undefined ? undefined : Number(frames);
  }

  /** Every option that can be set, by its name as it is typed: those of one value, as the first command has them that takes them. */
  specs(): ReadonlyMap<string, OptionSpec> {
    const all = [
      ...Object.entries(GLOBAL_OPTIONS),
      ...withVerbs(this.commands).flatMap((command) => allOptions(command)),
    ];
    const specs = new Map<string, OptionSpec>();
    for (const [name, spec] of all) if (spec.type !== 'list' && !specs.has(kebab(name))) specs.set(kebab(name), spec);
    return specs;
  }

  /**
   * @param typed the option's name, with or without its dashes
   * @param value as typed; a flag without one is on
   * @throws CocaError `usage` for a name that no command knows, and for a value that it does not take
   */
  set(typed: string, value: string | undefined): void {
    const [name, spec] = this.#find(typed);
    if (spec.type === 'flag') {
      const wanted = (value ?? 'on').toLowerCase();
      if (![...ON, ...OFF].includes(wanted)) throw new CocaError('usage', `--${name} is on or off, not '${value}'`);
      this.#values.set(name, ON.includes(wanted) ? 'on' : 'off');
      return;
    }
    if (value === undefined) throw new CocaError('usage', `set ${name} needs a value`, `unset ${name} removes one`);
    parsed(name, spec, value);
    this.#values.set(name, value);
  }

  /** @throws CocaError `usage` for a name that is not set */
  unset(typed: string): void {
    const [name] = this.#find(typed);
    if (!this.#values.delete(name)) throw new CocaError('usage', `${name} is not set`);
  }

  /**
   * What is set of a command's options, in the order in which it was.
   * @param typed names, in camel case, that were typed and so are not added
   */
  of(command: Command, typed: ReadonlySet<string>): readonly Setting[] {
    const specs = new Map(allOptions(command).map(([name, spec]) => [kebab(name), { name, spec }]));
    return [...this.#values].flatMap(([typedName, value]) => {
      const found = specs.get(typedName);
      if (!found || typed.has(found.name)) return [];
      const words = wordsOf(typedName, found.spec, value);
      return words.length === 0 ? [] : [{ name: found.name, words, read: () => parsed(found.name, found.spec, value) }];
    });
  }

  #find(typed: string): readonly [name: string, spec: OptionSpec] {
    const name = kebab(typed.replace(/^--?/, ''));
    const specs = this.specs();
    const spec = specs.get(name);
    if (spec) return [name, spec];
    throw new CocaError('usage', `no command has an option --${name}`, didYouMean(name, specs.keys()));
  }
}

/** The value of an option that was set, as the parser would have read it. */
function parsed(name: string, spec: OptionSpec, value: string): Invocation['options'][string] {
  if (spec.type === 'flag') return value === 'on';
  if (spec.type === 'integer' || spec.type === 'number') return parseNumber(name, spec, value);
  if (spec.type === 'choice') return parseChoice(name, spec, value);
  // What is one value to some commands may be a list to others.
  return spec.type === 'list' ? [value] : value;
}

/** The same as words of a command line. */
function wordsOf(name: string, spec: OptionSpec, value: string): string[] {
  if (spec.type !== 'flag') return value.startsWith('-') ? [`--${name}=${value}`] : [`--${name}`, value];
  if (value === 'on') return [`--${name}`];
  return spec.negatable ? [`--no-${name}`] : [];
}
