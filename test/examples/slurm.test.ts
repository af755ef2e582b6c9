import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { commandsOf, EXAMPLES, layOutExample } from '../support/examples.js';
import { temporaryFolder } from '../support/folder.js';
import { hasProgram } from '../support/programs.js';

/** Programs with the names of Slurm's that do of them what the scripts need. */
const SLURM = fileURLToPath(new URL('slurm', import.meta.url));
const { at } = temporaryFolder();

const layOut = () => layOutExample('slurm', at(), [SLURM]);

/** Puts a program in the place of `coca` that may run it as `$0.real`. */
function wrap(script: string): void {
  renameSync(at('bin', 'coca'), at('bin', 'coca.real'));
  writeFileSync(at('bin', 'coca'), `#!/bin/bash\n${script}`, { mode: 0o755 });
}

test('the README: an array of four, and one file of all parts', { timeout: 240_000 }, async () => {
  const { here, run } = layOut();
  const { code, stdout } = await run(commandsOf('slurm'));
  expect(code).toBe(0);
  const parts = stdout.split('\n').flatMap((line) => /^part-\S+/.exec(line)?.[0] ?? []);
  expect(parts).toEqual([0, 1, 2, 3].map((i) => `part-${i}-of-4.jsonl`));
  expect(readFileSync(join(here, 'captions.jsonl'), 'utf8').trim().split('\n')).toHaveLength(24);
});

const SUBMIT = 'sbatch --array=3 --export=ALL,COCA_DEVICE=cpu,COCA_BATCH=8 captions.sbatch pictures captions 4';

test.each([
  ['killed twice, a task is requeued and ends well', 'kill -9 $$', 2, 0, 3],
  ['one that is killed whenever it runs is given up after three', 'kill -9 $$', 99, 137, 4],
  ['wrong usage is not tried again', 'exit 64', 99, 64, 1],
  ['nor is a shard with pictures that cannot be read', 'exit 1', 99, 0, 1],
])('%s', async (_, end, times, expected, tries) => {
  const { run } = layOut();
  wrap(`echo >> ${at('tries')}; [ $(wc -l < ${at('tries')}) -gt ${times} ] && exec true; ${end}`);
  expect((await run(SUBMIT)).code).toBe(expected);
  expect(readFileSync(at('tries'), 'utf8')).toHaveLength(tries);
});

test('the scripts of all examples are as bash and shellcheck want them', async () => {
  const { run } = layOut();
  const scripts = `'${EXAMPLES}'*/*.sh '${EXAMPLES}'*/*.sbatch`;
  expect(await run(`for script in ${scripts}; do bash -n "$script"; done`)).toMatchObject({ code: 0, stderr: '' });
  if (hasProgram('shellcheck')) expect(await run(`shellcheck ${scripts}`)).toMatchObject({ code: 0, stdout: '' });
});

test('whole nodes: a process a card, each with its shard', async () => {
  const { run } = layOut();
  wrap(`echo "$*" >> ${at('asked')}`);
  expect((await run('bash captions-node.sbatch pictures captions', { FAKE_TASKS: '4' })).code).toBe(0);
  expect(readFileSync(at('asked'), 'utf8').trim().split('\n')).toEqual(
    [0, 1, 2, 3].map((i) => `caption pictures --shard ${i}/4 -o captions --device cuda:${i} --batch 32`),
  );
});
