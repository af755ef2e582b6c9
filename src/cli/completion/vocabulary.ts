import {
  type ArgumentSpec,
  type Command,
  GLOBAL_OPTIONS,
  kebab,
  type OptionSpec,
  verbOf,
  withVerbs,
} from '../command.js';
import { globalsOf } from '../parse.js';
import { topicNames } from '../topics.js';

/** A word that can be typed, and what it is, for shells that show that. */
export interface Word {
  readonly word: string;
  readonly about: string;
}

/** What can stand in a place: one of some words, a path, the name of a model, or parts of one separated by commas; `free` is anything. */
export type Values =
  | { readonly kind: 'words'; readonly words: readonly Word[] }
  | { readonly kind: 'image' | 'file' | 'folder' | 'model' | 'known-model' | 'sites' | 'free' };

export interface OptionWords {
  /** Without dashes: a flag that can be negated has two. */
  readonly names: readonly string[];
  readonly short?: string;
  readonly about: string;
  /** What follows it, and what the help calls that; undefined for a flag. */
  readonly value?: { readonly name: string; readonly values: Values; readonly isOptional: boolean };
  readonly isRepeated: boolean;
}

/** How an option can be typed, with its dashes. */
export const spellings = ({ names, short }: Pick<OptionWords, 'names' | 'short'>): string[] => [
  ...names.map((name) => `--${name}`),
  ...(short === undefined ? [] : [`-${short}`]),
];

export interface CommandWords {
  /** One word, or a command's and its verb's. */
  readonly name: string;
  /** The same in other words. */
  readonly others: readonly string[];
  readonly about: string;
  readonly verbs: readonly Word[];
  readonly args: readonly { readonly name: string; readonly values: Values; readonly isVariadic: boolean }[];
  readonly options: readonly OptionWords[];
}

/** All that can be typed: what the completion of every shell is made from. */
export interface Vocabulary {
  readonly commands: readonly CommandWords[];
  /** First words: commands, and verbs that need not be named with theirs. */
  readonly firstWords: readonly Word[];
  /** What help explains. */
  readonly helpWords: readonly Word[];
  /** Options that may stand before a command. */
  readonly globals: readonly OptionWords[];
}

const HELP_OPTION: OptionWords = { names: ['help'], short: 'h', about: 'help', isRepeated: false };
const VERSION_OPTION: OptionWords = { names: ['version'], short: 'v', about: 'the version', isRepeated: false };
const HELP: Word = { word: 'help', about: 'help, that of a command, or a document' };
const VERSION: Word = { word: 'version', about: 'the version' };

/** What there is to be typed, from the definitions of the commands. */
export function vocabularyOf(commands: readonly Command[]): Vocabulary {
  const shortcuts = withVerbs(commands).flatMap(({ shortcut, summary }) =>
    shortcut ? [{ word: shortcut, about: summary }] : [],
  );
  const names = commands.map(({ name, summary }): Word => ({ word: name, about: summary }));
  const helpWords = [...names, ...topicNames(commands)];
  const topic = { name: 'COMMAND', values: { kind: 'words', words: helpWords }, isVariadic: false } as const;
  return {
    commands: [
      ...withVerbs(commands).map(wordsOf),
      { name: HELP.word, others: [], about: HELP.about, verbs: [], args: [topic], options: [] },
    ],
    firstWords: [...names, ...shortcuts, HELP, VERSION],
    helpWords,
    globals: [...Object.entries(GLOBAL_OPTIONS).map(optionWords), HELP_OPTION, VERSION_OPTION],
  };
}

function wordsOf(command: Command): CommandWords {
  const { name, aliases = [], shortcut, summary, verbs = [], args, options } = command;
  const first = name.slice(0, -verbOf(command).length);
  return {
    name,
    others: [...aliases.map((alias) => first + alias), ...(shortcut ? [shortcut] : [])],
    about: summary,
    verbs: verbs.flatMap((verb) =>
      [verbOf(verb), ...(verb.aliases ?? [])].map((word): Word => ({ word, about: verb.summary })),
    ),
    args: args.map((arg) => ({ name: arg.name, values: valuesOfArgument(arg), isVariadic: arg.variadic })),
    options: [...[...Object.entries(options), ...globalsOf(command)].map(optionWords), HELP_OPTION],
  };
}

function valuesOfArgument({ choices, kind }: ArgumentSpec): Values {
  return choices ? choiceValues(choices) : valuesOfKind(kind);
}

function optionWords([name, spec]: readonly [string, OptionSpec]): OptionWords {
  const long = kebab(name);
  const value = optionValue(spec);
  return {
    names: spec.type === 'flag' && spec.negatable ? [long, `no-${long}`] : [long],
    ...(spec.short !== undefined && { short: spec.short }),
    about: brief(spec.description),
    ...(value && { value }),
    isRepeated: spec.type === 'list',
  };
}

function optionValue(spec: OptionSpec): OptionWords['value'] {
  switch (spec.type) {
    case 'flag':
      return undefined;
    case 'choice':
      return { name: spec.placeholder, values: choiceValues(spec.choices), isOptional: false };
    case 'integer':
    case 'number':
      return {
        name: spec.placeholder ?? 'N',
        values: spec.words ? choiceValues(Object.keys(spec.words)) : { kind: 'free' },
        isOptional: spec.bare !== undefined,
      };
    default: {
      const kind = spec.kind ?? (spec.access === undefined ? 'text' : 'file');
      return { name: spec.placeholder, values: valuesOfKind(kind), isOptional: false };
    }
  }
}

const choiceValues = (choices: readonly string[]): Values => ({
  kind: 'words',
  words: choices.map((word) => ({ word, about: '' })),
});

function valuesOfKind(kind: ArgumentSpec['kind']): Values {
  // Of what a query can be, pictures and folders have names.
  if (kind === 'query') return { kind: 'image' };
  return kind === 'text' || kind === 'option' || kind === 'value' ? { kind: 'free' } : { kind };
}

/** The beginning of a description, as long as a list of candidates has room for. */
export function brief(description: string): string {
  return /^.{12,}?(?=[;:(,] | \()|^.*$/.exec(description)![0];
}
