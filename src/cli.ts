#!/usr/bin/env node
import { main, program } from './program.js';

// A reader that leaves while stderr is written, or any other late stream failure, must not become a stack trace.
process.stderr.on('error', () => undefined);

process.exit(await main(process.argv.slice(2), program));
