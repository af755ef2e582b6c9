import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { coca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';
import { KEYS } from '../../support/keys.js';
import { Pty } from '../../support/pty.js';

let folder: string;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'coca-grid-'));
  env = { COCA_CACHE: join(folder, 'cache'), XDG_STATE_HOME: join(folder, 'state') };
  mkdirSync(join(folder, 'photos'));
  for (const name of ['0001', '0002', '0003'])
    copyFileSync(fixture(`scenes/${name}.png`), join(folder, 'photos', `${name}.png`));
  await coca(['index', join(folder, 'photos'), '-q'], { env });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('Enter in the grid opens the session on the picture', async () => {
  const { stdout } = await coca(['search', 'a book', 'photos'], { env, cwd: folder });
  const second = stdout.split('\n')[1]!.split('\t')[0]!.split('/').at(-1)!;
  const pty = new Pty(['search', 'a book', 'photos'], { columns: 80, rows: 24, cwd: folder, env });
  try {
    await pty.until(/\[1 /);
    pty.type(KEYS.right);
    await pty.until(/\[2 /);
    pty.type(KEYS.enter);
    await pty.until(new RegExp(`${second} ?[>›]`));
    pty.type('quit\r');
    expect((await pty.end()).code).toBe(0);
  } finally {
    pty.close();
  }
});

test('in a session it becomes the current one of those found', async () => {
  const pty = new Pty(['repl'], { columns: 80, rows: 24, cwd: folder, env });
  try {
    await pty.until(/coca ?[>›]/);
    pty.type('search a book photos\r');
    await pty.until(/\[1 /);
    pty.type(`${KEYS.right}${KEYS.right}`);
    await pty.until(/\[3 /);
    pty.type(KEYS.enter);
    await pty.until(/3 000\d\.png ?[>›]/);
    pty.type('quit\r');
    expect((await pty.end()).code).toBe(0);
  } finally {
    pty.close();
  }
});
