import { allCommands } from './registry.js';

/** Every command, in the order of the help, loaded. */
export const COMMANDS = await allCommands();
