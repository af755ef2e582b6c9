import { type Command, GLOBAL_OPTIONS, kebab, type OptionSpec, withVerbs } from './command.js';

/** Where the first word stands that is neither an option nor an option's value; -1 where there is none. */
export function commandAt(argv: readonly string[]): number {
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i]!;
    if (word === '--' || !word.startsWith('-') || word === '-') return i;
    if (takesNext(word)) i++;
  }
  return -1;
}

/** Whether a global option has its value in the next word. */
function takesNext(word: string): boolean {
  return Object.entries<OptionSpec>(GLOBAL_OPTIONS).some(
    ([name, { type, short }]) => type !== 'flag' && (word === `--${kebab(name)}` || word === `-${short}`),
  );
}

/** The words of a command line with those of a verb in the place of its shortcut: `pull` for `models pull`. */
export function withoutShortcut(argv: readonly string[], commands: readonly Command[]): readonly string[] {
  const at = commandAt(argv);
  const verb = withVerbs(commands).find(({ shortcut }) => shortcut !== undefined && shortcut === argv[at]);
  return verb === undefined ? argv : argv.toSpliced(at, 1, ...verb.name.split(' '));
}

/** Whether a command line begins with a word of the program, and not with something to work on. */
export function startsWithCommand(argv: readonly string[], commands: readonly Command[]): boolean {
  return (
    withVerbs(commands).some(({ name, shortcut }) => argv[0] === name || argv[0] === shortcut) || argv[0] === 'help'
  );
}
