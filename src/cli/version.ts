import { createRequire } from 'node:module';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/** The program's version, from its package.json. */
export const VERSION = version;
