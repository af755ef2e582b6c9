import type { Answer } from '../../cli/answers.js';
import type { Command, Invocation, Outcome } from '../../cli/command.js';
import type { FilledLine } from './line/arguments.js';
import { quoteLine } from './line/words.js';
import type { Setting } from './settings.js';

/** A command that was run, as a shell would have been told to. */
export interface Action {
  /** Without `coca`. */
  readonly argv: readonly string[];
  /** The file that its output went into. */
  readonly into?: string;
  /** Whether it is a command of the shell, and none of this program. */
  readonly isShells?: boolean;
}

/** What came of a command of the program. */
export interface Performed {
  readonly outcome: Outcome;
  /** Options that do what was done with keys. */
  readonly keys: readonly string[];
  /** What was set and taken. */
  readonly settings: readonly Setting[];
  /** Results as values, where the command gives them. */
  readonly answers: readonly Answer[];
  /** What it was asked; undefined where only help was. */
  readonly invocation: Invocation | undefined;
}

/** A line that ran a command, and what it stood for. */
export interface LastCommand {
  /** As it was typed. */
  readonly line: string;
  readonly command: Command;
  /** With the options that do what was done with keys. */
  readonly filled: FilledLine;
  readonly done: Performed;
}

/** An action as a shell is told to do it. */
export function shellCommand({ argv, into, isShells = false }: Action): string {
  const command = quoteLine(isShells ? argv : ['coca', ...argv]);
  return into === undefined ? command : `${command} > ${quoteLine([into])}`;
}

/** The words of a command line: arguments first, as people write them, unless one could be taken for an option. */
export function commandLine({ name }: Command, { positionals, options }: FilledLine): string[] {
  const isDashed = positionals.some((word) => word.startsWith('-') && word !== '-');
  const words = name.split(' ');
  return isDashed ? [...words, ...options, '--', ...positionals] : [...words, ...positionals, ...options];
}
