import { hanging } from '../ui/layout.js';
import { type Command, GLOBAL_OPTIONS, withVerbs } from './command.js';
import { grouped, IMAGES, OUTPUTS, optionRow, usageOf } from './help.js';
import { globalsOf } from './parse.js';
import { topicNames } from './topics.js';

/** Longer lines of roff are bad style. */
const SOURCE_WIDTH = 76;

/**
 * The manual page coca(1), in the macros of man(7): all commands with all that they take, from their definitions.
 * @param date YYYY-MM-DD
 */
export function manPage(commands: readonly Command[], version: string, date: string): string {
  return [
    `.TH COCA 1 ${date} ${quoted(`coca ${version}`)} ${quoted('User Commands')}`,
    '.SH NAME',
    'coca \\- look inside a CoCa image\\-text model',
    '.SH SYNOPSIS',
    '.B coca',
    text('[COMMAND] [ARGUMENT...] [OPTION...]'),
    '.SH DESCRIPTION',
    text('Without COMMAND it is an interactive session.'),
    text(IMAGES),
    '.PP',
    text(OUTPUTS),
    '.SH COMMANDS',
    ...withVerbs(commands)
      .filter(({ verbs }) => verbs === undefined)
      .flatMap(commandLines),
    '.SH OPTIONS OF ALL OR MOST COMMANDS',
    ...Object.entries(GLOBAL_OPTIONS).map(optionRow).flatMap(item),
    ...item(['-h, --help', 'help, also of a command']),
    ...item(['-v, -V, --version', 'the version']),
    '.SH DOCUMENTS',
    text('Each is printed by coca help:'),
    ...topicNames(commands).flatMap(({ word, about }) => item([`coca help ${word}`, about])),
    '',
  ].join('\n');
}

function commandLines(command: Command): string[] {
  const { summary, details, args, options, examples, shortcut } = command;
  const takes = globalsOf(command).map(([name]) => `--${name}`);
  return [
    `.SS ${quoted(`coca ${usageOf(command)}`)}`,
    text(`${capital(summary)}.`),
    ...(shortcut ? [text(`The same is coca ${shortcut}.`)] : []),
    ...args.flatMap(({ name, description }) => item([name, description])),
    ...[...grouped(Object.entries(options))].flatMap(([group, some]) => [
      ...(group === 'Options' ? [] : ['.PP', text(`${group}:`)]),
      ...some.map(optionRow).flatMap(item),
    ]),
    ...(takes.length > 0 ? ['.PP', text(`Also: ${takes.join(', ')} (see below).`)] : []),
    ...(details?.split('\n') ?? []).flatMap((line) => ['.PP', text(line)]),
    ...examples.flatMap(({ line, does }) => item([line, does])),
  ];
}

/** What is typed, and below it, indented, what it does. */
const item = ([head, body]: readonly [string, string]): string[] => ['.TP', `.B ${quoted(head)}`, text(body)];

const capital = (line: string): string => line.charAt(0).toUpperCase() + line.slice(1);

/** Prose: nothing in it is taken for a request or an escape, and a dash stays the one that is typed. */
function text(prose: string): string {
  const lines = hanging(escaped(prose), SOURCE_WIDTH, 0);
  return lines.map((line) => (/^[.']/.test(line) ? `\\&${line}` : line)).join('\n');
}

/** One argument of a request. */
const quoted = (word: string): string => `"${escaped(word).replaceAll('"', '\\(dq')}"`;

const escaped = (word: string): string =>
  word
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('`', '\\(ga');
