#!/usr/bin/env node
import { main } from './cli/main.js';
import { COMMANDS } from './commands/index.js';
import { runChecked } from './commands/io/check-inputs.js';
import { withCommand } from './commands/io/first-word.js';
import { FRESH_MODELS } from './commands/io/model.js';

// A reader that leaves while stderr is written, or any other late stream failure, must not become a stack trace.
process.stderr.on('error', () => undefined);

const program = { commands: COMMANDS, models: FRESH_MODELS, withCommand, run: runChecked };
process.exit(await main(process.argv.slice(2), program));
