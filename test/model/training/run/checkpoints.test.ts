import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import { CocaError } from '../../../../src/model/base/errors.js';
import { startOf } from '../../../../src/model/base/processes/running.js';
import type { TensorToWrite } from '../../../../src/model/checkpoint/index.js';
import {
  type CheckpointContent,
  newestCheckpoint,
  writeCheckpoint,
} from '../../../../src/model/training/run/checkpoints.js';
import { lockRun } from '../../../../src/model/training/run/lock.js';
import { temporaryFolder } from '../../../support/folder.js';
import { newRun } from '../../../support/training-run.js';

const { at, write } = temporaryFolder();

function content(step: number, data: TensorToWrite['data'] = new Uint8Array(4)): CheckpointContent {
  const { settings } = newRun(at());
  return {
    progress: {
      step,
      settings: { ...settings, steps: 10, warmup: 0 },
      order: { seed: 7, epoch: 0, group: 0, position: step },
      device: 'wasm',
      skipped: 0,
      cut: 0,
    },
    texts: { config: '{}', tokenizer: {} },
    average: [],
    classifier: [],
    model: [{ name: 'a', dtype: 'F32', shape: [1], data }],
    state: { tensors: [{ name: 'a', dtype: 'F32', shape: [1], data: new Uint8Array(4) }], metadata: {} },
  };
}

describe('writing', () => {
  test('a disk that is full in the middle of it: the one before is as it was, and nothing is left', async () => {
    mkdirSync(at('run'));
    await writeCheckpoint(at('run'), content(1), 2);
    const before = readdirSync(at('run'));
    const full = new CocaError('write-failed', 'cannot be written (ENOSPC)');
    const data = (async function* () {
      yield new Uint8Array(2);
      throw full;
    })();
    await expect(writeCheckpoint(at('run'), content(2, data), 2)).rejects.toBe(full);
    expect(readdirSync(at('run'))).toEqual(before);
    const newest = await newestCheckpoint(at('run'), () => expect.unreachable());
    expect(newest).toMatchObject({ folder: at('run', 'step-00000001'), progress: content(1).progress });
  });

  test('the files of a tokenizer of its own lie in it', async () => {
    const tokenizer = { 'tokenizer.json': '{"a":1}', 'tokenizer_config.json': '{"b":2}' };
    write('run/log.jsonl', '');
    const folder = await writeCheckpoint(at('run'), { ...content(1), texts: { config: '{}', tokenizer } }, 2);
    for (const [name, text] of Object.entries(tokenizer)) expect(readFileSync(`${folder}/${name}`, 'utf8')).toBe(text);
  });

  test('what a kill left of an earlier try is no hindrance', async () => {
    write('run/.step-2.new.tmp/open_clip_config.json', 'half');
    write('run/.latest.tmp', '');
    await writeCheckpoint(at('run'), content(2), 2);
    expect(readdirSync(at('run')).sort()).toEqual(['latest', 'step-00000002']);
    expect(readFileSync(at('run', 'latest', 'open_clip_config.json'), 'utf8')).toBe('{}');
  });
});

describe('the lock', () => {
  const lockOf = (owner: object) => write('run/run.lock', JSON.stringify(owner));
  const host = hostname();

  test('of a process that runs is respected, its own too', async () => {
    const child = spawn('sleep', ['30']);
    try {
      lockOf({ host, pid: child.pid, start: startOf(child.pid!) });
      await expect(lockRun(at('run'))).rejects.toMatchObject({
        code: 'write-failed',
        message: new RegExp(`another run writes in .*process ${child.pid}`),
      });
    } finally {
      child.kill();
    }
    write('own/x', '');
    const unlock = await lockRun(at('own'));
    await expect(lockRun(at('own'))).rejects.toMatchObject({ message: /this process/ });
    await unlock();
    await (await lockRun(at('own')))();
    expect(readdirSync(at('own'))).toEqual(['x']);
  });

  test.each<[string, object]>([
    ['of a process that is gone', { host, pid: 2 ** 22 + 1 }],
    ['of an earlier process with the number of this one', { host, pid: process.pid, start: '1' }],
    ['that was never written whole', {}],
  ])('%s is taken over', async (_, owner) => {
    lockOf(owner);
    const unlock = await lockRun(at('run'));
    expect(JSON.parse(readFileSync(at('run', 'run.lock'), 'utf8'))).toMatchObject({ host, pid: process.pid });
    await unlock();
    expect(readdirSync(at('run'))).toEqual([]);
  });

  test.runIf(startOf(process.pid) !== undefined)('of another process with a number that was given again', async () => {
    const child = spawn('sleep', ['30']);
    try {
      lockOf({ host, pid: child.pid, start: '1' });
      await (await lockRun(at('run')))();
    } finally {
      child.kill();
    }
  });

  test('of another machine is left to a person', async () => {
    lockOf({ host: 'elsewhere', pid: 1 });
    await expect(lockRun(at('run'))).rejects.toMatchObject({ hint: /remove .*run\.lock/ });
    writeFileSync(at('run', 'run.lock'), '');
  });
});
