import type { Readable } from 'node:stream';
import { DEVICES, ENGINES, NUMBERED_DEVICES } from '../model/engine/engines.js';
import { PIXELS } from '../model/image/picture.js';
import { PRECISIONS } from '../model/quantise/precision.js';
import type { StatusLine } from '../ui/status.js';
import type { Terminal } from '../ui/terminal.js';
import type { Streams } from '../ui/view/streams.js';
import type { Answer, Format, ResultWriter } from './answers.js';
import type { ModelSource } from './model-source.js';
import type { Output } from './output.js';

export { kebab } from '../model/base/knob.js';
export type { ModelSource, WantedModel } from './model-source.js';

/**
 * A command is data: the command line, the help, and whatever else wants to know what can be typed (a session that
 * takes the same verbs, shell completion) read the same definition.
 */

interface OptionBase {
  readonly description: string;
  /** One letter, without the dash. */
  readonly short?: string;
  /** For the help, where what happens without the option is decided by the code that receives the values. */
  readonly otherwise?: string;
  /** Heading under which the help of its command lists it; 'Options' without one. */
  readonly group?: string;
}

/** `--name`; with `negatable` also `--no-name`. */
export interface FlagOption extends OptionBase {
  readonly type: 'flag';
  readonly default?: boolean;
  readonly negatable?: boolean;
}

/**
 * What a word names: completion and the session, which fills words in, go by it. A `model` is on this machine, a `known-model` can
 * also be one to be fetched. `sites` are parts of that model, separated by commas. A `query` is words of a search: texts, pictures, signs
 * between them and a folder.
 */
export type WordKind =
  | 'image'
  | 'text'
  | 'file'
  | 'folder'
  | 'model'
  | 'known-model'
  | 'sites'
  | 'query'
  | 'option'
  | 'value';

/**
 * What becomes of the files that an option names, to be looked at before a model is loaded: `list` is read as text, a line
 * an entry. Left out where the command itself looks at them first.
 */
export type FileAccess = 'read' | 'list' | 'write';

/** `--name TEXT`. */
export interface TextOption extends OptionBase {
  readonly type: 'text';
  readonly kind?: WordKind;
  readonly access?: FileAccess;
  readonly placeholder: string;
  readonly default?: string;
}

/** `--name TEXT` any number of times; with `rest`, each takes all words up to the next option. */
export interface ListOption extends OptionBase {
  readonly type: 'list';
  readonly kind?: WordKind;
  readonly access?: FileAccess;
  readonly placeholder: string;
  readonly rest?: boolean;
}

/** `--name N`; with `bare`, `--name` alone stands for that value; `words` stand for numbers that cannot be typed. */
export interface NumberOption extends OptionBase {
  readonly type: 'integer' | 'number';
  readonly placeholder?: string;
  readonly default?: number;
  readonly min?: number;
  readonly max?: number;
  readonly bare?: number;
  readonly words?: Readonly<Record<string, number>>;
}

/** `--name WORD`, one of a few words; those that are `numbered` may have one: `cuda:1`. */
export interface ChoiceOption extends OptionBase {
  readonly type: 'choice';
  readonly choices: readonly string[];
  readonly numbered?: readonly string[];
  readonly placeholder: string;
  readonly default?: string;
}

export type OptionSpec = FlagOption | TextOption | ListOption | NumberOption | ChoiceOption;
/** By camel-case name: `maxLength` is typed `--max-length`. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

export interface ArgumentSpec {
  /** As the usage line calls it: IMAGE. */
  readonly name: string;
  readonly description: string;
  readonly kind: WordKind;
  /** The words that it can be, where they are few. */
  readonly choices?: readonly string[];
  /** Options that say the same or make it needless: with one of them, a session does not fill it in. */
  readonly unless?: readonly string[];
  /** Of a text: whether a session's caption is filled in where none is typed (unless told, it is). */
  readonly isRemembered?: boolean;
  readonly required: boolean;
  /** Takes all remaining words; only the last argument can. */
  readonly variadic: boolean;
}

type ScalarOf<S> = S extends { type: 'flag' }
  ? boolean
  : S extends { type: 'list' }
    ? readonly string[]
    : S extends { type: 'integer' | 'number' }
      ? number
      : S extends { type: 'choice'; choices: readonly (infer C)[] }
        ? C | NumberedOf<S>
        : string;

type NumberedOf<S> = S extends { numbered: readonly (infer N extends string)[] } ? `${N}:${number}` : never;

/** What `run` receives for an option: flags and lists always have a value, others only with a default or when typed. */
export type OptionValue<S> = S extends { type: 'flag' | 'list' } | { default: unknown }
  ? ScalarOf<S>
  : ScalarOf<S> | undefined;

export type OptionValues<O extends OptionSpecs> = { readonly [K in keyof O]: OptionValue<O[K]> };

/** What a command is given besides its own words. */
export interface CommandContext {
  /** Results, and nothing else. */
  readonly out: Output;
  /** One line on stderr for a person; `--quiet` silences it. */
  readonly notice: (text: string) => void;
  /** The same about what only those want to know who ask for it with `--verbose`. */
  readonly detail: (text: string) => void;
  /** One line on stderr about an input that failed; never silenced. */
  readonly complain: (text: string) => void;
  /** Progress on stderr, where that is a terminal. */
  readonly status: StatusLine;
  readonly terminal: Terminal;
  readonly stdin: Readable & { readonly isTTY?: boolean };
  /** Aborted by Ctrl-C and its kin. */
  readonly signal: AbortSignal;
  /**
   * Runs work that comes to an end by itself once the signal is aborted, but may need long for it (a checkpoint is
   * written): it is not cut short, unless the signal comes a second time.
   */
  readonly unhurried: <T>(work: () => Promise<T>) => Promise<T>;
  /** Runs work that goes on until a signal ends it, and then ends well: the exit code is its own. Not there in a session. */
  readonly untilStopped?: <T>(work: () => Promise<T>) => Promise<T>;
  readonly models: ModelSource;
  /** Told each answer of a command whose results are values (`writer`): a session keeps them. */
  readonly onAnswer: (answer: Answer) => void;
  /** Told the caption that a picture was given, by search or by the user: a session goes on from it. */
  readonly onCaption: (image: string, caption: string) => void;
  /**
   * Told the options with which the command does by itself what was done with keys, for a session that keeps the
   * line.
   */
  readonly onKeys: (options: readonly string[]) => void;
  /** Told the pictures that a search found, and the one that was chosen: a session opens them. Not there outside of one. */
  readonly onFound?: (images: readonly string[], chosen: string | undefined) => void;
  /** Whether the picture was just drawn for the person who asks: then it is not drawn once more. */
  readonly isShown: (image: string) => boolean;
  /**
   * Lends the terminal to a view that reads keys, until it is left: one that has the screen for itself, or one that
   * draws below what is there and takes it away again.
   */
  readonly onScreen: <T>(show: (streams: Streams) => Promise<T>) => Promise<T>;
}

/** How many inputs were served and how many failed: together they make the exit code. */
export interface Outcome {
  readonly done: number;
  readonly failed: number;
}

export interface Invocation<O extends OptionSpecs = OptionSpecs> {
  readonly args: readonly string[];
  readonly options: OptionValues<O>;
  /** Names of the options that were typed, the others have their defaults. */
  readonly typed: ReadonlySet<string>;
}

export interface Command {
  /** One word; two for the verb of a command that has several: `models pull`. */
  readonly name: string;
  /** Of a verb: other words for it after its command's name (`models rm`). */
  readonly aliases?: readonly string[];
  /** Of a verb: a word that stands for it and its command's name (`coca pull`). */
  readonly shortcut?: string;
  /** What it does, in a line, lower case, without a full stop. */
  readonly summary: string;
  /** More for the help of this command alone: formats, choices made, what a figure means. */
  readonly details?: string;
  /** The usage line after the program's name, where arguments alone do not tell it. */
  readonly usage?: string;
  readonly args: readonly ArgumentSpec[];
  readonly options: OptionSpecs;
  /** Which of the global options it takes: any other is refused rather than ignored. */
  readonly globals: readonly GlobalName[];
  readonly examples: readonly { readonly line: string; readonly does: string }[];
  /**
   * Checks what was typed against itself, before anything is loaded.
   * @throws CocaError `usage` for what cannot be had together
   */
  readonly check?: (invocation: Invocation) => Promise<void>;
  readonly run: (invocation: Invocation, context: CommandContext) => Promise<Outcome>;
  /** Of a command whose results are values: what prints them, in whichever form. */
  readonly writer?: (format: Format, invocation: Invocation, context: CommandContext) => Promise<ResultWriter>;
  /** Of a command whose results can be a page for a browser: the text of it. */
  readonly page?: (results: readonly unknown[]) => Promise<string>;
  /** A command of its own for each verb; the name alone stands for the first. */
  readonly verbs?: readonly Command[];
}

/** Options that mean the same in every command, and may also be typed before the command's name. */
export const GLOBAL_OPTIONS = {
  model: {
    type: 'text',
    kind: 'model',
    short: 'm',
    placeholder: 'MODEL',
    description:
      'a name that coca models list shows, hf-hub:OWNER/NAME, or a folder or file of an OpenCLIP checkpoint (default: $COCA_MODEL, then what coca models use set, then the bundled model)',
  },
  config: {
    type: 'text',
    kind: 'file',
    placeholder: 'CONFIG',
    description:
      "a name of OpenCLIP's (coca_ViT-B-32, ViT-B-32, ...) or the path of an open_clip_config.json (default: the one beside the weights, else the only one whose shapes they have)",
  },
  device: {
    type: 'choice',
    choices: ['auto', ...DEVICES],
    numbered: NUMBERED_DEVICES,
    placeholder: 'DEVICE',
    default: 'auto',
    description:
      'where the model runs; auto takes the fastest that works (TensorFlow.js alone has wasm, node, node-gpu; ONNX Runtime alone cuda, coreml, dml); cuda:1 is the second card',
  },
  engine: {
    type: 'choice',
    choices: ENGINES,
    placeholder: 'ENGINE',
    default: 'onnx',
    description: 'what runs the model: ONNX Runtime, or TensorFlow.js, which also trains',
  },
  pixels: {
    type: 'choice',
    choices: PIXELS,
    placeholder: 'PIXELS',
    default: 'upright',
    description:
      "pictures upright and alpha over white, or OpenCLIP's very pixels: not turned, alpha dropped, to reproduce its figures",
  },
  precision: {
    type: 'choice',
    choices: PRECISIONS,
    placeholder: 'PRECISION',
    otherwise: 'fp32',
    description:
      'what is computed in: int8, on the CPU, loads faster and needs less memory; fp16 is for GPUs; both change results a little',
  },
  seed: {
    type: 'integer',
    min: 0,
    max: 0xffff_ffff,
    placeholder: 'N',
    default: 0,
    description: 'seed of anything random',
  },
  images: {
    type: 'choice',
    choices: ['auto', 'kitty', 'iterm', 'sixel', 'blocks', 'none'],
    placeholder: 'KIND',
    default: 'auto',
    description: 'how pictures are drawn on a terminal',
  },
  json: { type: 'flag', description: 'results as one JSON array' },
  jsonl: { type: 'flag', description: 'results as JSON, one object a line, each as soon as it is ready' },
  quiet: { type: 'flag', short: 'q', description: 'no notices on stderr' },
  verbose: { type: 'flag', description: 'which model and device, and why, on stderr' },
} as const satisfies OptionSpecs;

export type GlobalName = keyof typeof GLOBAL_OPTIONS;
export type GlobalValues<G extends GlobalName> = OptionValues<Pick<typeof GLOBAL_OPTIONS, G>>;

/** What `run` of a definition sees: its own options and the global ones it takes, each with its type. */
export type TypedInvocation<O extends OptionSpecs, G extends GlobalName> = Omit<Invocation, 'options'> & {
  readonly options: OptionValues<O> & GlobalValues<G>;
};

/** Checks a definition's types: `run` sees exactly the options that it declared. */
export function defineCommand<const O extends OptionSpecs, const G extends GlobalName>(
  command: Omit<Command, 'options' | 'globals' | 'check' | 'run' | 'writer'> & {
    readonly options: O;
    readonly globals: readonly G[];
    readonly writer?: (
      format: Format,
      invocation: TypedInvocation<O, G>,
      context: CommandContext,
    ) => Promise<ResultWriter<never, never>>;
    readonly check?: (invocation: TypedInvocation<O, G>) => Promise<void>;
    readonly run: (invocation: TypedInvocation<O, G>, context: CommandContext) => Promise<Outcome>;
  },
): Command {
  // The parser fills in every declared option, so the narrower type holds for what it passes.
  return command as unknown as Command;
}

/** A command whose first word is followed by a verb; without one, the first of them is meant. */
export function defineVerbs(
  group: Pick<Command, 'name' | 'summary' | 'details'>,
  verbs: readonly [Command, ...Command[]],
): Command {
  const words = verbs.map((verb) => verbOf(verb)).join('|');
  const examples = verbs.flatMap((verb) => verb.examples.slice(0, 1));
  const { aliases: _, shortcut: __, ...first } = verbs[0];
  return { ...first, ...group, usage: `${group.name} [${words}]`, examples, verbs };
}

/** A command, or the one of its verbs that the word after its name says. */
export function withVerb(command: Command, word: string | undefined): Command {
  return command.verbs?.find((verb) => verbOf(verb) === word || verb.aliases?.includes(word ?? '')) ?? command;
}

/** Every command, and the verbs of those that have some. */
export function withVerbs(commands: readonly Command[]): readonly Command[] {
  return commands.flatMap((command) => [command, ...(command.verbs ?? [])]);
}

/** The last word of a command's name. */
export function verbOf({ name }: Command): string {
  return name.slice(name.indexOf(' ') + 1);
}
