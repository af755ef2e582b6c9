// Writes dist/coca.1, the manual page that comes with the package: npm run man, which is part of the build.
import { writeFileSync } from 'node:fs';
import { manPage } from '../src/cli/man-page.js';
import { VERSION } from '../src/cli/version.js';
import { COMMANDS } from '../src/commands/index.js';

const today = new Date().toISOString().slice(0, 10);
writeFileSync(new URL('../dist/coca.1', import.meta.url), manPage(COMMANDS, VERSION, today));
