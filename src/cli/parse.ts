import { Command as CommanderCommand, type CommanderError, Option } from 'commander';
import { CocaError } from '../model/base/errors.js';
import { PICTURE_NAME } from '../model/base/file-names.js';
import { didYouMean } from '../model/base/names/suggest.js';
import {
  type Command,
  GLOBAL_OPTIONS,
  type GlobalName,
  type Invocation,
  kebab,
  type OptionSpec,
  type OptionSpecs,
  verbOf,
  withVerb,
  withVerbs,
} from './command.js';
import { withoutShortcut } from './command-word.js';
import { isDocument, TOPICS, topicOf } from './topics.js';
import { parseChoice, parseNumber } from './values.js';

/** What the command line asks for. */
export type Request =
  | { readonly kind: 'run'; readonly command: Command; readonly invocation: Invocation }
  | { readonly kind: 'help'; readonly command: Command | undefined }
  | { readonly kind: 'topic'; readonly topic: string }
  | { readonly kind: 'version' };

const PROGRAM = 'coca';

/** What there is to be asked for, and how a wrong request is answered. */
interface Grammar {
  readonly commands: readonly Command[];
  /** What is typed before a command's name: `coca `, and nothing in a session. */
  readonly before: string;
}
/** What a command line without a command means. */
const DEFAULT_COMMAND = 'repl';

const HELP_DESCRIPTION = 'shows this help';

const VERSION_FLAGS = ['-V, --version', '-v'];

/** Whether a command line is one word that asks for the version: no command need be known for it. */
export const asksForVersion = ([word, ...more]: readonly string[]): boolean =>
  more.length === 0 && (word === 'version' || VERSION_FLAGS.some((flags) => flags.split(', ').includes(word!)));

/**
 * Reads the words after the program's name.
 * @param before what is typed before the name of a command, for hints
 * @throws CocaError `usage` for anything that is not in the definitions, with a guess at what was meant.
 */
export function parseCommandLine(
  argv: readonly string[],
  commands: readonly Command[],
  before = `${PROGRAM} `,
): Request {
  const grammar: Grammar = { commands, before };
  let request: Request | undefined;
  const program = newCommander(PROGRAM, undefined, grammar);
  for (const flags of VERSION_FLAGS) {
    program.option(flags).on(`option:${flags.replace(/^.*-/, '')}`, () => {
      throw new Asked({ kind: 'version' });
    });
  }
  program.addCommand(
    newCommander('version', undefined, grammar).action(() => {
      request = { kind: 'version' };
    }),
  );
  addOptions(program, GLOBAL_OPTIONS);
  const session = commands.find(({ name }) => name === DEFAULT_COMMAND);
  program.action(() => {
    request = session
      ? { kind: 'run', command: session, invocation: readInvocation(session, program, program, grammar) }
      : { kind: 'help', command: undefined };
  });
  const onRun = (command: Command, sub: CommanderCommand): void => {
    request = { kind: 'run', command, invocation: readInvocation(command, program, sub, grammar) };
  };
  for (const command of commands) program.addCommand(subCommander(command, grammar, onRun));
  const help = newCommander('help', undefined, grammar);
  help.argument('[COMMAND...]').action((words: string[]) => {
    const topic = words.length === 1 ? topicNamed(words[0]!, grammar) : undefined;
    if (topic !== undefined) request = { kind: 'topic', topic };
    else request = { kind: 'help', command: words.length === 0 ? undefined : findNamed(words, grammar) };
  });
  program.addCommand(help);

  try {
    program.parse(withBareValues(withoutShortcut(argv, commands), commands), { from: 'user' });
  } catch (error) {
    if (error instanceof Asked) return error.request;
    throw error;
  }
  if (request === undefined) throw new CocaError('usage', 'nothing to do', helpHint(undefined, grammar));
  return request;
}

/** Thrown out of commander's parsing by `--help` and `--version`, which ask for no more than an answer. */
class Asked extends Error {
  constructor(readonly request: Request) {
    super(request.kind);
  }
}

function newCommander(name: string, command: Command | undefined, grammar: Grammar): CommanderCommand {
  const commander = new CommanderCommand(name);
  commander
    .helpOption('-h, --help', HELP_DESCRIPTION)
    .helpCommand(false)
    .showSuggestionAfterError(false)
    .allowExcessArguments(false)
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined })
    .exitOverride((error) => {
      if (error.code.startsWith('commander.help')) throw new Asked({ kind: 'help', command });
      if (error.code === 'commander.excessArguments' && name === PROGRAM)
        throw unknownCommand(commander.args[0]!, grammar);
      throw usageError(error, command, grammar);
    });
  return commander;
}

/** One command for commander, and its verbs below it. */
function subCommander(
  command: Command,
  grammar: Grammar,
  onRun: (command: Command, sub: CommanderCommand) => void,
): CommanderCommand {
  const { verbs = [] } = command;
  const sub = newCommander(verbOf(command), command, grammar).aliases([...(command.aliases ?? [])]);
  for (const verb of verbs) sub.addCommand(subCommander(verb, grammar, onRun));
  for (const arg of command.args) {
    const name = arg.variadic ? `${arg.name}...` : arg.name;
    sub.argument(arg.required ? `<${name}>` : `[${name}]`, arg.description);
  }
  addOptions(sub, command.options);
  // A word that is no verb comes here as an argument.
  sub.allowExcessArguments(verbs.length > 0).action(() => {
    if (verbs.length > 0 && sub.args.length > 0) throw unknownVerb(sub.args[0]!, command, grammar);
    onRun(command, sub);
  });
  return sub;
}

function addOptions(commander: CommanderCommand, specs: OptionSpecs): void {
  for (const [name, spec] of Object.entries(specs)) {
    for (const option of commanderOptions(name, spec)) commander.addOption(option);
  }
}

function commanderOptions(name: string, spec: OptionSpec): Option[] {
  const flag = `--${kebab(name)}`;
  const flags = spec.short === undefined ? flag : `-${spec.short}, ${flag}`;
  switch (spec.type) {
    case 'flag': {
      const option = plainOption(flags, spec.description).default(spec.default ?? false);
      if (!spec.negatable) return [option];
      return [option, new Option(`--no-${kebab(name)}`)];
    }
    case 'text': {
      const option = plainOption(`${flags} <${spec.placeholder}>`, spec.description);
      return [spec.default === undefined ? option : option.default(spec.default)];
    }
    case 'list': {
      const value = spec.rest ? `<${spec.placeholder}...>` : `<${spec.placeholder}>`;
      const option = plainOption(`${flags} ${value}`, spec.description);
      return [option.default([]).argParser((text: string, list: string[]) => [...list, text])];
    }
    case 'integer':
    case 'number': {
      const option = plainOption(`${flags} <${spec.placeholder ?? 'N'}>`, spec.description);
      option.argParser((text: string) => parseNumber(name, spec, text));
      return [spec.default === undefined ? option : option.default(spec.default)];
    }
    case 'choice': {
      const option = plainOption(`${flags} <${spec.placeholder}>`, spec.description);
      option.argParser((text: string) => parseChoice(name, spec, text));
      return [spec.default === undefined ? option : option.default(spec.default)];
    }
  }
}

/** An option whose name may begin with "no-" without being the negation of another (`--no-repeat-ngram`). */
function plainOption(flags: string, description: string): Option {
  const option = new Option(flags, description);
  option.negate = false;
  return option;
}

/** `--logprobs` without a number is written out as `--logprobs=BARE`, so that it never takes a picture's name for one. */
function withBareValues(argv: readonly string[], commands: readonly Command[]): string[] {
  const bare = new Map<string, number>();
  for (const command of withVerbs(commands)) {
    for (const [name, spec] of Object.entries(command.options)) {
      if ((spec.type === 'integer' || spec.type === 'number') && spec.bare !== undefined) {
        bare.set(`--${kebab(name)}`, spec.bare);
      }
    }
  }
  const end = argv.indexOf('--');
  return argv.map((word, i) => {
    const value = bare.get(word);
    const isOption = value !== undefined && (end < 0 || i < end);
    return isOption && !/^[+-]?\d/.test(argv[i + 1] ?? '') ? `${word}=${value}` : word;
  });
}

function readInvocation(
  command: Command,
  program: CommanderCommand,
  sub: CommanderCommand,
  grammar: Grammar,
): Invocation {
  const options: Record<string, unknown> = {};
  const typed = new Set<string>();
  for (const name of Object.keys(command.options)) {
    options[name] = sub.getOptionValue(name);
    if (sub.getOptionValueSource(name) === 'cli') typed.add(name);
  }
  for (const name of Object.keys(GLOBAL_OPTIONS) as GlobalName[]) {
    const given = program.getOptionValueSource(name) === 'cli';
    if (command.globals.includes(name)) {
      options[name] = program.getOptionValue(name);
      if (given) typed.add(name);
    } else if (given) {
      const message = `${grammar.before}${command.name} has no use for --${kebab(name)}`;
      throw new CocaError('usage', message, helpHint(command, grammar));
    }
  }
  checkForms(options);
  return { args: sub.args, options: options as Invocation['options'], typed };
}

/** @throws CocaError `usage` for two forms of one output, or more and less on stderr */
export function checkForms(options: Readonly<Record<string, unknown>>): void {
  if (options.json && options.jsonl) throw new CocaError('usage', '--json and --jsonl exclude each other');
  if (options.quiet && options.verbose) throw new CocaError('usage', '--quiet and --verbose exclude each other');
}

/** The command of one word, or of a word and its verb. */
function findNamed([name, verb, ...rest]: readonly string[], grammar: Grammar): Command {
  const command = grammar.commands.find((one) => one.name === name) ?? refuseTopic(name!, grammar);
  if (verb === undefined) return command;
  const found = withVerb(command, verb);
  if (found !== command && rest.length === 0) return found;
  if (command.verbs && found === command) throw unknownVerb(verb, command, grammar);
  throw new CocaError('usage', `too many arguments for ${grammar.before}help`, helpHint(command, grammar));
}

/** @throws CocaError `usage` for what is neither a command nor a topic */
function refuseTopic(name: string, grammar: Grammar): never {
  const names = [...grammar.commands.map((command) => command.name), ...Object.keys(TOPICS)];
  const guess = didYouMean(name, names) ?? `${grammar.before}help lists both`;
  throw new CocaError('usage', `unknown command or topic '${name}'`, guess);
}

/** The topic that a word means which is no command, or is the name of a document. */
function topicNamed(word: string, { commands }: Grammar): string | undefined {
  return isDocument(word) || !commands.some(({ name }) => name === word) ? topicOf(word) : undefined;
}

function unknownVerb(word: string, command: Command, grammar: Grammar): CocaError {
  const guess = didYouMean(word, command.verbs!.map(verbOf));
  const message = `${grammar.before}${command.name} has no '${word}'`;
  return new CocaError('usage', message, guess ?? helpHint(command, grammar));
}

function unknownCommand(name: string, grammar: Grammar): CocaError {
  const names = grammar.commands.map((command) => command.name);
  const guess = didYouMean(name, [...names, 'help']);
  const picture = PICTURE_NAME.test(name) ? pictureHint(name, names.includes(DEFAULT_COMMAND)) : undefined;
  return new CocaError('usage', `unknown command '${name}'`, guess ?? picture ?? helpHint(undefined, grammar));
}

/** A session is no command of a session: there, a picture is opened by its name. */
function pictureHint(name: string, hasSession: boolean): string {
  return hasSession ? `a picture? coca caption ${name}, or coca repl ${name}` : `a picture? ${name} alone opens it`;
}

function helpHint(command: Command | undefined, { before }: Pick<Grammar, 'before'>): string {
  if (command) return `${before}${command.name} --help shows what it takes`;
  return before === '' ? 'help lists the verbs' : `${before}--help lists the commands`;
}

/** Commander's complaint in our words, with a guess. */
function usageError(error: CommanderError, command: Command | undefined, grammar: Grammar): CocaError {
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  const message = error.message.replace(/^error: /, '').split('\n')[0]!;
  switch (error.code) {
    case 'commander.excessArguments':
      return new CocaError(
        'usage',
        `too many arguments for ${grammar.before}${command?.name ?? 'help'}`,
        helpHint(command, grammar),
      );
    case 'commander.unknownOption': {
      const guess = didYouMean(quoted, optionFlags(command));
      return new CocaError(
        'usage',
        message,
        elsewhere(quoted, command, grammar) ?? guess ?? helpHint(command, grammar),
      );
    }
    case 'commander.missingArgument':
      return new CocaError('usage', `${quoted} is missing`, helpHint(command, grammar));
    case 'commander.optionMissingArgument': {
      const [flag, value] = quoted.replace(/^-\w, /, '').split(' ');
      return new CocaError('usage', `${flag} needs a value: ${flag} ${(value ?? '').replace(/[<>]/g, '')}`);
    }
    default:
      return new CocaError('usage', message, helpHint(command, grammar));
  }
}

/** Every flag that could have been meant: the command's own and those that all take; before a command, the latter. */
function optionFlags(command: Command | undefined): string[] {
  const globals: [string, OptionSpec][] = command ? globalsOf(command) : Object.entries(GLOBAL_OPTIONS);
  const names = [...Object.entries(command?.options ?? {}), ...globals];
  const flags = names.flatMap(([name, spec]) =>
    spec.type === 'flag' && spec.negatable ? [`--${kebab(name)}`, `--no-${kebab(name)}`] : [`--${kebab(name)}`],
  );
  return [...flags, '--help', ...(command ? [] : ['--version'])];
}

/** The global options that a command takes. */
export function globalsOf(command: Command): [string, OptionSpec][] {
  return Object.entries(GLOBAL_OPTIONS).filter(([name]) => command.globals.includes(name as GlobalName));
}

/** Where an option belongs that this command does not have. */
function elsewhere(flag: string, command: Command | undefined, grammar: Grammar): string | undefined {
  const { commands, before } = grammar;
  const owner = withVerbs(commands).find((other) => other !== command && optionFlags(other).includes(flag));
  if (owner === undefined) return undefined;
  return command === undefined
    ? `options of ${before}${owner.name} stand after its name`
    : `${before}${owner.name} has it; ${helpHint(command, grammar)}`;
}
