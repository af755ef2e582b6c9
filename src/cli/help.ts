import { hanging } from '../ui/layout.js';
import { painter } from '../ui/palette.js';
import type { Terminal } from '../ui/terminal.js';
import { type Command, GLOBAL_OPTIONS, kebab, type OptionSpec } from './command.js';
import { globalsOf } from './parse.js';
import { topicNames } from './topics.js';
import { withNumbers } from './values.js';

const INDENT = '  ';
/** Lines that are longer than that are hard to follow. */
const WIDEST = 132;
/** "Usage: " */
const USAGE = 7;
/** Of the width that there is, as much is for the left column, at least and at most so many columns. */
const LEFT_SHARE = 0.36;
const LEFT_COLUMN = { min: 30, max: 42 } as const;
/** With less beside it, the two are set below each other. */
const NARROWEST_RIGHT = 24;

export const IMAGES =
  'An image is a path, a URL, a glob, a folder (its images), or - for bytes on stdin; what comes by a pipe needs no -.';

export const OUTPUTS =
  'Results go to stdout, everything else to stderr. Exit codes: 0 all done, 1 some inputs failed, ' +
  '2 nothing could be done, 64 wrong usage, 130 Ctrl-C.';

/** Where a help is read: how wide that is, and how what stands out is drawn there. */
export class HelpPage {
  readonly width: number;
  readonly #bold: (text: string) => string;
  readonly #heading: (text: string) => string;

  constructor({ columns, colors }: Pick<Terminal, 'columns' | 'colors'>) {
    this.width = Math.min(columns, WIDEST);
    const paint = painter(colors);
    this.#bold = paint.bold;
    this.#heading = paint.bold.underline;
  }

  /** A line that says what follows. */
  heading(text: string): string[] {
    return ['', ...this.prose(`${text}:`).map((line) => this.#heading(line))];
  }

  /** Broken at spaces. */
  prose(text: string, indent = 0): string[] {
    return hanging(text, this.width, indent);
  }

  /** A usage line. */
  usage(line: string): string[] {
    const [first, ...rest] = hanging(`Usage: ${line}`, this.width, USAGE);
    return [first!.replace('Usage:', this.#heading('Usage:')), ...rest];
  }

  /** Lines to be typed, each with what it does beside it. */
  exampleTable(examples: Command['examples']): string[] {
    return this.table(
      examples.map(({ line, does }) => [line, does]),
      (head) => head.replace(/\S.*/, (line) => this.#bold(line)),
    );
  }

  /** Lines to be typed, and what each does below it; they stay whole, to be copied. */
  examples(examples: Command['examples']): string[] {
    return examples.flatMap(({ line, does }) => [
      `${INDENT}${this.#bold(line)}`,
      ...hanging(`${INDENT}${INDENT}${does}`, this.width, 2 * INDENT.length),
    ]);
  }

  /**
   * Two columns; a left side that is too long gets a line of its own, and each does where there is no room for two.
   * @param draw how what stands on the left is drawn
   */
  table(rows: readonly (readonly [string, string])[], draw = (head: string) => this.#named(head)): string[] {
    const left = Math.min(LEFT_COLUMN.max, Math.max(LEFT_COLUMN.min, Math.floor(this.width * LEFT_SHARE)));
    const isNarrow = this.width < LEFT_COLUMN.min + NARROWEST_RIGHT;
    const indent = isNarrow ? 2 * INDENT.length : left;
    const pad = ' '.repeat(indent);
    return rows.flatMap(([name, text]) => {
      const lines = hanging(text, this.width - indent, 0);
      const head = `${INDENT}${name}`;
      if (isNarrow || head.length + 2 > left) {
        const heads = hanging(head, this.width, 2 * INDENT.length).map(draw);
        return [...heads, ...lines.map((line) => pad + line)];
      }
      const padding = ' '.repeat(left - head.length);
      return [draw(head) + padding + (lines[0] ?? ''), ...lines.slice(1).map((line) => pad + line)];
    });
  }

  /** What is to be typed as it is stands out: options and words; what stands for something else does not. */
  #named(head: string): string {
    return head.replace(/(?<=^| )(-{1,2}[\w[\]-]+|[a-z][\w.-]*)/g, (word) => this.#bold(word));
  }
}

/** How many commands the help of the program begins with. */
const FIRST_EXAMPLES = 6;

/** The help of the whole program. */
export function programHelp(commands: readonly Command[], version: string, page: HelpPage): string {
  return [
    ...page.prose(`coca ${version}: look inside a CoCa image-text model`),
    '',
    ...page.usage('coca [COMMAND] [ARGUMENT...] [OPTION...]'),
    ...page.prose('Without COMMAND it is an interactive session.'),
    ...page.heading('Examples'),
    ...page.exampleTable(commands.slice(0, FIRST_EXAMPLES).flatMap(({ examples }) => examples.slice(0, 1))),
    ...page.heading('Commands'),
    ...page.table(commands.map((command) => [usageOf(command), command.summary])),
    ...page.table([['help [COMMAND|TOPIC]', 'this help, that of one command, or a document']]),
    ...page.heading('Options of all or most commands'),
    ...page.table(Object.entries(GLOBAL_OPTIONS).map(optionRow)),
    ...page.table([
      ['-h, --help', 'help, also of a command'],
      ['-v, -V, --version', 'the version'],
    ]),
    ...page.heading('Topics'),
    ...topicLines(commands, page),
    '',
    ...page.prose(IMAGES),
    ...page.prose(OUTPUTS),
    '',
  ].join('\n');
}

/**
 * The help of one command.
 * @param program what is typed before its name
 */
export function commandHelp(command: Command, page: HelpPage, program = 'coca '): string {
  const own = Object.entries(command.options);
  return [
    ...page.prose(`${program}${command.name}: ${command.summary}`),
    '',
    ...page.usage(`${program}${usageOf(command)} [OPTION...]`),
    ...(command.examples.length > 0 ? page.heading('Examples') : []),
    ...page.examples(command.examples),
    ...verbLines(command, page),
    ...(command.args.length > 0 ? page.heading('Arguments') : []),
    ...page.table(command.args.map((arg) => [arg.name, arg.description])),
    ...[...grouped(own)].flatMap(([group, options]) => [...page.heading(group), ...page.table(options.map(optionRow))]),
    ...page.heading('General options'),
    ...page.table([...globalsOf(command).map(optionRow), ['-h, --help', 'this help']]),
    ...(command.details ? ['', ...command.details.split('\n').flatMap((line) => page.prose(line))] : []),
    '',
  ].join('\n');
}

/** Options by the heading that they stand under, in the order in which they are declared. */
export function grouped(options: readonly [string, OptionSpec][]): ReadonlyMap<string, [string, OptionSpec][]> {
  const groups = new Map<string, [string, OptionSpec][]>();
  for (const option of options) {
    const { group = 'Options' } = option[1];
    groups.set(group, [...(groups.get(group) ?? []), option]);
  }
  return groups;
}

function verbLines({ verbs = [] }: Command, page: HelpPage): string[] {
  if (verbs.length === 0) return [];
  return [
    ...page.heading('What it does (coca help explains each, too)'),
    ...page.table(verbs.map((verb) => [usageOf(verb), verb.summary])),
  ];
}

/** The documents that `help` prints. */
export function topicLines(commands: readonly Command[], page: HelpPage): string[] {
  return page.table(topicNames(commands).map(({ word, about }) => [`help ${word}`, about]));
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

/** An option as it is typed, and all that there is to say of it. */
export function optionRow([name, spec]: readonly [string, OptionSpec]): [string, string] {
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
  if (spec.type === 'choice') remarks.push(withNumbers(spec).join(' | '));
  else if ('words' in spec && spec.words) remarks.push(`or ${Object.keys(spec.words).join(' | ')}`);
  if (spec.type === 'flag' && spec.negatable) remarks.push(`default: ${spec.default ? '' : 'no-'}${kebab(name)}`);
  else if (spec.type !== 'flag' && spec.type !== 'list' && spec.default !== undefined) {
    remarks.push(`default: ${spec.default}`);
  } else if (spec.otherwise !== undefined) remarks.push(`default: ${spec.otherwise}`);
  return remarks.length === 0 ? '' : ` (${remarks.join('; ')})`;
}
