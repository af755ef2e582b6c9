import { hanging } from '../ui/layout.js';
import { type Command, GLOBAL_OPTIONS, kebab, type OptionSpec } from './command.js';
import { globalsOf } from './parse.js';
import { topicNames } from './topics.js';

const INDENT = '  ';
const WIDEST = 100;
/** "Usage: " */
const USAGE = 7;
const LEFT_COLUMN = 30;
/** With less beside it, the two are set below each other. */
const NARROWEST_RIGHT = 24;

const OUTPUTS =
  'Results go to stdout, everything else to stderr. Exit codes: 0 all done, 1 some inputs failed, ' +
  '2 nothing could be done, 64 wrong usage, 130 Ctrl-C.';

/** The help of the whole program. `columns` is the width to wrap at. */
export function programHelp(commands: readonly Command[], version: string, columns: number): string {
  const width = Math.min(columns, WIDEST);
  const rows = commands.map((command): [string, string] => [usageOf(command), command.summary]);
  return [
    ...wrap(`coca ${version}: look inside a CoCa image-text model`, width),
    '',
    ...hanging('Usage: coca [COMMAND] [ARGUMENT...] [OPTION...]', width, USAGE),
    ...wrap('Without COMMAND it is an interactive session.', width),
    '',
    'Commands:',
    ...table(rows, width),
    ...table([['help [COMMAND|TOPIC]', 'this help, that of one command, or a document']], width),
    '',
    'Options of all or most commands:',
    ...table(Object.entries(GLOBAL_OPTIONS).map(optionRow), width),
    ...table(
      [
        ['-h, --help', 'help, also of a command'],
        ['-v, -V, --version', 'the version'],
      ],
      width,
    ),
    '',
    ...wrap(
      'An image is a path, a URL, a glob, a folder (its images), or - for bytes on stdin; what comes by a pipe needs no -.',
      width,
    ),
    ...wrap(OUTPUTS, width),
    '',
    'Topics:',
    ...topicLines(commands, width),
    '',
    'Examples:',
    ...commands.flatMap((command) => command.examples.slice(0, 1)).flatMap((one) => exampleLines(one, width)),
    '',
  ].join('\n');
}

/**
 * The help of one command.
 * @param program what is typed before its name
 */
export function commandHelp(command: Command, columns: number, program = 'coca '): string {
  const width = Math.min(columns, WIDEST);
  const own = Object.entries(command.options);
  const globals = globalsOf(command);
  return [
    ...wrap(`${program}${command.name}: ${command.summary}`, width),
    '',
    ...hanging(`Usage: ${program}${usageOf(command)} [OPTION...]`, width, USAGE),
    ...verbLines(command, width),
    ...(command.args.length > 0 ? ['', 'Arguments:'] : []),
    ...table(
      command.args.map((arg): [string, string] => [arg.name, arg.description]),
      width,
    ),
    ...[...grouped(own)].flatMap(([group, options]) => ['', `${group}:`, ...table(options.map(optionRow), width)]),
    '',
    'General options:',
    ...table(globals.map(optionRow), width),
    ...table([['-h, --help', 'this help']], width),
    ...(command.details ? ['', ...command.details.split('\n').flatMap((line) => wrap(line, width))] : []),
    ...(command.examples.length > 0 ? ['', 'Examples:'] : []),
    ...command.examples.flatMap((one) => exampleLines(one, width)),
    '',
  ].join('\n');
}

/** Options by the heading that they stand under, in the order in which they are declared. */
function grouped(options: readonly [string, OptionSpec][]): ReadonlyMap<string, [string, OptionSpec][]> {
  const groups = new Map<string, [string, OptionSpec][]>();
  for (const option of options) {
    const { group = 'Options' } = option[1];
    groups.set(group, [...(groups.get(group) ?? []), option]);
  }
  return groups;
}

function verbLines({ verbs = [] }: Command, width: number): string[] {
  if (verbs.length === 0) return [];
  const rows = verbs.map((verb): [string, string] => [usageOf(verb), verb.summary]);
  return ['', ...wrap('What it does (coca help explains each, too):', width), ...table(rows, width)];
}

/** The line to be typed stays whole, to be copied. */
function exampleLines({ line, does }: { line: string; does: string }, width: number): string[] {
  return [`${INDENT}${line}`, ...hanging(`${INDENT}${INDENT}${does}`, width, 2 * INDENT.length)];
}

/** The documents that `help` prints. */
export function topicLines(commands: readonly Command[], width: number): string[] {
  return table(
    topicNames(commands).map(({ word, about }) => [`help ${word}`, about]),
    width,
  );
}

/** "caption IMAGE..." */
export function usageOf(command: Command): string {
  if (command.usage !== undefined) return command.usage;
  const words = command.args.map((arg) => {
    const name = arg.variadic ? `${arg.name}...` : arg.name;
    return arg.required ? name : `[${name}]`;
  });
  return [command.name, ...words].join(' ');
}

function optionRow([name, spec]: [string, OptionSpec]): [string, string] {
  const flag = spec.type === 'flag' && spec.negatable ? `--[no-]${kebab(name)}` : `--${kebab(name)}`;
  const short = spec.short === undefined ? '' : `-${spec.short}, `;
  return [`${short}${flag}${placeholderOf(spec)}`, `${spec.description}${remarksOf(name, spec)}`];
}

function placeholderOf(spec: OptionSpec): string {
  switch (spec.type) {
    case 'flag':
      return '';
    case 'list':
      return ` ${spec.placeholder}${spec.rest ? '...' : ''}`;
    case 'integer':
    case 'number':
      return spec.bare === undefined ? ` ${spec.placeholder ?? 'N'}` : ` [${spec.placeholder ?? 'N'}]`;
    default:
      return ` ${spec.placeholder}`;
  }
}

function remarksOf(name: string, spec: OptionSpec): string {
  const remarks: string[] = [];
  if (spec.type === 'choice') remarks.push(spec.choices.join(' | '));
  if (spec.type === 'flag' && spec.negatable) remarks.push(`default: ${spec.default ? '' : 'no-'}${kebab(name)}`);
  else if (spec.type !== 'flag' && spec.type !== 'list' && spec.default !== undefined) {
    remarks.push(`default: ${spec.default}`);
  } else if (spec.otherwise !== undefined) remarks.push(`default: ${spec.otherwise}`);
  return remarks.length === 0 ? '' : ` (${remarks.join('; ')})`;
}

/** Two columns; a left side that is too long gets a line of its own, and each does where there is no room for two. */
export function table(rows: readonly (readonly [string, string])[], width: number): string[] {
  const isNarrow = width < LEFT_COLUMN + NARROWEST_RIGHT;
  const indent = isNarrow ? 2 * INDENT.length : LEFT_COLUMN;
  const pad = ' '.repeat(indent);
  return rows.flatMap(([left, text]) => {
    const lines = wrap(text, width - indent);
    const head = `${INDENT}${left}`;
    if (isNarrow || head.length + 2 > LEFT_COLUMN) {
      return [...hanging(head, width, 2 * INDENT.length), ...lines.map((line) => pad + line)];
    }
    return [head.padEnd(LEFT_COLUMN) + (lines[0] ?? ''), ...lines.slice(1).map((line) => pad + line)];
  });
}

/** Breaks at spaces. */
export function wrap(text: string, width: number): string[] {
  return hanging(text, width, 0);
}
