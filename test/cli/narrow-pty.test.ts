import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startCoca } from '../support/cli.js';
import { Pty } from '../support/pty.js';

const SIZE = { columns: 40, rows: 24 };
let folder: string;
let pty: Pty | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-narrow-'));
});
afterEach(() => pty?.close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ERROR = ['attend', '--beams', '3', 'gone.png', 'a dog on a sofa'];

test('errors and advice are broken at words on a narrow terminal', async () => {
  pty = new Pty(ERROR, { ...SIZE, cwd: folder });
  expect((await pty.end()).code).toBe(64);
  expect(pty.screen().text()).toContain(
    [
      'coca: --beams shapes a caption that is',
      '      searched for, and here CAPTION is',
      '      given',
      '      leave one of the two out',
    ].join('\n'),
  );
});

test('in a pipe they are one line each', async () => {
  const { stderr } = await startCoca(ERROR, { cwd: folder });
  expect(stderr.trimEnd().split('\n')).toHaveLength(2);
});

test('help is laid out for the width that there is', async () => {
  pty = new Pty(['help', 'bench'], { ...SIZE, rows: 100, cwd: folder });
  expect((await pty.end()).code).toBe(0);
  const lines = pty.screen().lines();
  expect(lines).toContain('  --seconds N');
  expect(lines).toContain('    to spend on each measurement, at');
  expect(lines).toContain('    least (default: 3)');
});
