import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { coca } from '../support/cli.js';
import { commandsOf, layOutExample } from '../support/examples.js';
import { temporaryFolder } from '../support/folder.js';
import { hasProgram } from '../support/programs.js';

const { at } = temporaryFolder();

/** A `coca` whose shard 2 is killed, the first time, when it has answered a picture. */
const killing = (program: string, here: string) => `#!/bin/bash
case "$*" in
  *'--shard 2/4'*)
    if [ ! -e '${here}/killed' ]; then
      '${program}' "$@" &
      until grep -qs caption '${here}'/captions/*2-of-4*; do sleep 0.05; done
      kill -9 $! && wait $!
      touch '${here}/killed'
      exit 137
    fi ;;
esac
exec '${program}' "$@"
`;

test.runIf(hasProgram('parallel'))(
  'the README, with a process that is killed: as of one process',
  { timeout: 240_000 },
  async () => {
    const { here, run } = layOutExample('parallel', at());
    renameSync(at('bin', 'coca'), at('bin', 'real'));
    writeFileSync(at('bin', 'coca'), killing(at('bin', 'real'), here), { mode: 0o755 });
    const { code, stdout, stderr } = await run(`export PARALLEL=--will-cite\n${commandsOf('parallel')}`);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    expect(stdout).toContain('24 captions.jsonl');
    // Two tries of the killed one are in the log, and it alone was started again.
    const log = readFileSync(join(here, 'jobs.log'), 'utf8').trim().split('\n').slice(1);
    expect(log.map((line) => line.split('\t')[6]).sort()).toEqual(['0', '0', '0', '0', '137']);
    await coca(['caption', join(here, 'pictures'), '--shard', '0/1', '-o', at('one'), '-q']);
    await coca(['parts', at('one'), '-o', at('one.jsonl'), '-q']);
    expect(readFileSync(join(here, 'captions.jsonl'), 'utf8')).toBe(readFileSync(at('one.jsonl'), 'utf8'));
  },
);
