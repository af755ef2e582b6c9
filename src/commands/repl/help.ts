import type { Command } from '../../cli/command.js';
import { table, topicLines, usageOf, wrap } from '../../cli/help.js';

const PICTURES =
  'A picture is opened by its path alone: typed, pasted or dropped here. What takes a picture takes the current one when ' +
  'none is named, and @2 is the second open one. The same goes for captions, and bars part several: rank a dog | a cat.';

/** The help of a session. `columns` is the width to wrap at. */
export function sessionHelp(commands: readonly Command[], programs: readonly Command[], columns: number): string {
  const width = Math.min(columns, 100);
  const rows = (some: readonly Command[]) =>
    table(
      some.map((command): [string, string] => [usageOf(command), command.summary]),
      width,
    );
  return [
    ...wrap(PICTURES, width),
    '',
    'In a session:',
    ...rows(commands.filter((command) => !programs.includes(command))),
    '',
    'As in a shell, without "coca" before it:',
    ...rows(programs),
    ...table([['help VERB', 'all that a verb takes']], width),
    '',
    'Topics:',
    ...topicLines(commands, width),
    '',
    ...wrap(
      'Tab completes, Up and Down recall lines, Ctrl-R searches them, Ctrl-C stops what runs, Ctrl-D leaves. After a line, > FILE keeps its result and | COMMAND passes it on, as in a shell; !COMMAND is the shell itself.',
      width,
    ),
    '',
  ].join('\n');
}
