import type { Command } from '../../src/cli/command.js';

/** The command of this name, of which the tests know that it is there. */
export function findCommand(name: string, commands: readonly Command[]): Command {
  return commands.find((command) => command.name === name)!;
}
