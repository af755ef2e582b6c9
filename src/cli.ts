#!/usr/bin/env node
import { main } from './cli/main.js';
import { runChecked } from './commands/io/check-inputs.js';
import { withCommand } from './commands/io/first-word.js';
import { FRESH_MODELS } from './commands/io/model.js';
import { allCommands, namedCommand } from './commands/registry.js';

// A reader that leaves while stderr is written, or any other late stream failure, must not become a stack trace.
process.stderr.on('error', () => undefined);

const program = { namedCommand, allCommands, models: FRESH_MODELS, withCommand, run: runChecked };
process.exit(await main(process.argv.slice(2), program));
