import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { CLI } from '../support/cli.js';
import { fixture } from '../support/golden.js';

test('peak memory is that of the process, and not of a larger one that started it', () => {
  const words = [CLI, 'bench', fixture('scenes/0001.png'), '--seconds', '0.05', '--jsonl', '-q'];
  const large = `
    const held = Buffer.alloc(800 * 2 ** 20, 1);
    const { stdout } = require('node:child_process').spawnSync(process.execPath, ${JSON.stringify(words)}, { encoding: 'utf8' });
    process.stdout.write(held.length > 0 ? stdout : '');
  `;
  const { stdout, status } = spawnSync(process.execPath, ['-e', large], { encoding: 'utf8' });
  expect(status).toBe(0);
  const { peakMemory } = JSON.parse(stdout);
  expect(peakMemory).toBeGreaterThan(50 * 2 ** 20);
  expect(peakMemory).toBeLessThan(500 * 2 ** 20);
});
