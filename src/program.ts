import type { Program } from './cli/main.js';
import { runChecked } from './commands/io/check-inputs.js';
import { withCommand } from './commands/io/first-word.js';
import { FRESH_MODELS } from './commands/io/model.js';
import { allCommands, namedCommand } from './commands/registry.js';

export { main } from './cli/main.js';

/** Every command, and where they get their models from. */
export const program: Program = { namedCommand, allCommands, models: FRESH_MODELS, withCommand, run: runChecked };
