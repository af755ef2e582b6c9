import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CLI, type CliResult, runProgram } from './cli.js';

export const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));

/** The programs of a Python that has what examples need, where the tests are given one: see vitest.config.ts. */
export const PYTHON: readonly string[] = process.env.COCA_TEST_PYTHON ? [process.env.COCA_TEST_PYTHON] : [];

/** The commands of an example's README: all that stands in blocks of `sh`, as one script. */
export function commandsOf(example: string): string {
  const text = readFileSync(join(EXAMPLES, example, 'README.md'), 'utf8');
  return [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block).join('');
}

/**
 * Copies an example into a folder that has the program in its `bin`.
 * @param bin more folders of programs that come before those of this machine
 * @returns what runs a script there, as a reader would who types one line after the other and stops where one fails
 */
export function layOutExample(example: string, folder: string, bin: readonly string[] = []) {
  const here = join(folder, example);
  cpSync(join(EXAMPLES, example), here, { recursive: true });
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin', 'coca'), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`);
  chmodSync(join(folder, 'bin', 'coca'), 0o755);
  const PATH = [join(folder, 'bin'), ...bin, process.env.PATH].join(delimiter);
  const run = (script: string, env: NodeJS.ProcessEnv = {}): Promise<CliResult> =>
    runProgram('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
      cwd: here,
      env: { ...process.env, COCA_MODEL: '', PATH, ...env },
    });
  return { here, run };
}
