import type { Command } from '../../cli/command.js';
import { type HelpPage, topicLines, usageOf } from '../../cli/help.js';

const PICTURES =
  'A picture is opened by its path alone: typed, pasted or dropped here. What takes a picture takes the current one when ' +
  'none is named, and @2 is the second open one. The same goes for captions, and bars part several: rank a dog | a cat.';

const KEYS =
  'Tab completes, Up and Down recall lines, Ctrl-R searches them, Ctrl-C stops what runs, Ctrl-D leaves. After a line, > FILE keeps its result and | COMMAND passes it on, as in a shell; !COMMAND is the shell itself.';

/** The help of a session. */
export function sessionHelp(commands: readonly Command[], programs: readonly Command[], page: HelpPage): string {
  const rows = (some: readonly Command[]) => page.table(some.map((command) => [usageOf(command), command.summary]));
  return [
    ...page.prose(PICTURES),
    ...page.heading('In a session'),
    ...rows(commands.filter((command) => !programs.includes(command))),
    ...page.heading('As in a shell, without "coca" before it'),
    ...rows(programs),
    ...page.table([['help VERB', 'all that a verb takes']]),
    ...page.heading('Topics'),
    ...topicLines(commands, page),
    '',
    ...page.prose(KEYS),
    '',
  ].join('\n');
}
