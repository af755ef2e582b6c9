import { availableParallelism } from 'node:os';
import { describe, expect, test } from 'vitest';
import { threadLimit, threadsHere } from '../../../../src/model/base/processes/threads.js';
import { coca } from '../../../support/cli.js';
import { fixture } from '../../../support/golden.js';

describe('COCA_THREADS', () => {
  test.each([
    [{}, undefined],
    [{ COCA_THREADS: '' }, undefined],
    [{ COCA_THREADS: '1' }, 1],
    [{ COCA_THREADS: '48' }, 48],
  ])('%j is %s', (env, limit) => {
    expect(threadLimit(env)).toBe(limit);
  });

  test.each(['0', '-1', '1.5', 'all', ' 2', '1e3', '10000'])("'%s' is refused", (text) => {
    expect(() => threadLimit({ COCA_THREADS: text })).toThrow(`COCA_THREADS is '${text}'`);
  });

  test('where it is not set, all cores are worth a thread', () => {
    expect(threadsHere()).toBe(threadLimit() ?? availableParallelism());
  });

  test('a wrong one is wrong usage before anything is computed; the doctor names it', async () => {
    const env = { COCA_THREADS: 'many' };
    const { code, stdout, stderr } = await coca(['caption', fixture('scenes/0001.png'), '-q'], { env });
    expect([code, stdout]).toEqual([64, '']);
    expect(stderr).toContain("COCA_THREADS is 'many'");
    expect((await coca(['doctor'], { env })).stdout).toContain("COCA_THREADS is 'many'");
  });

  test('a caption is the same with one thread as with more', async () => {
    const line = ['caption', fixture('scenes/0001.png'), '-q'];
    const [one, four] = [
      await coca(line, { env: { COCA_THREADS: '1' } }),
      await coca(line, { env: { COCA_THREADS: '4' } }),
    ];
    expect(one.stdout).toBe('a small book on a pink background\n');
    expect(four.stdout).toBe(one.stdout);
  });

  test.runIf(process.platform === 'linux')('so many threads compute, and no more', async () => {
    const script = `
      import { readdirSync } from 'node:fs';
      const { loadCoca } = await import(process.argv[1]);
      const before = readdirSync('/proc/self/task').length;
      const coca = await loadCoca({ model: 'scenes', device: 'cpu' });
      await coca.prepare('images');
      console.log(readdirSync('/proc/self/task').length - before);
      await coca.close();`;
    const { runProgram } = await import('../../../support/cli.js');
    const module = new URL('../../../../dist/model/index.js', import.meta.url).href;
    const started = async (threads: string) => {
      const env = { ...process.env, COCA_THREADS: threads };
      const { stdout, stderr } = await runProgram(process.execPath, ['--input-type=module', '-e', script, module], {
        env,
      });
      expect(stderr).toBe('');
      return Number(stdout);
    };
    // The thread that asks computes, too.
    expect((await started('5')) - (await started('1'))).toBe(4);
  });
});
