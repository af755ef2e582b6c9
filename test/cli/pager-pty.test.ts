import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { coca } from '../support/cli.js';
import { temporaryFolder } from '../support/folder.js';
import { Pty } from '../support/pty.js';

const { at, write } = temporaryFolder();
const SIZE = { columns: 80, rows: 24 };
let pty: Pty | undefined;
afterEach(() => pty?.close());

/** A pager that keeps what it is given, and says so. */
function keeping(): string {
  const pager = write('pager', `#!/bin/sh\ncat > '${at('kept')}'\necho "$LESS paged"\n`);
  chmodSync(pager, 0o755);
  return pager;
}

const LONG = ['help', 'caption'];

test('help that is longer than the terminal goes to $PAGER, with colours', async () => {
  pty = new Pty(LONG, { ...SIZE, env: { PAGER: `${keeping()} -x` } });
  await pty.until(/FRX paged/);
  expect((await pty.end()).code).toBe(0);
  const kept = readFileSync(at('kept'), 'utf8');
  expect(kept).toContain('\u001b[1m--beams');
  expect(pty.output).not.toContain('--beams');
});

test('without $PAGER it is less, which leaves what it showed', async () => {
  const less = write('bin/less', `#!/bin/sh\ncat >/dev/null\necho "less $@"\n`);
  chmodSync(less, 0o755);
  pty = new Pty(LONG, { ...SIZE, env: { PAGER: undefined, PATH: `${at('bin')}:${process.env.PATH}` } });
  await pty.until(/less -FRX/);
  expect((await pty.end()).code).toBe(0);
});

test('so do --help and a topic; what fits is printed', async () => {
  const env = { PAGER: keeping() };
  for (const words of [['--help'], ['rank', '--help'], ['help', 'engines']]) {
    pty = new Pty(words, { ...SIZE, env });
    await pty.until(/paged/);
    expect((await pty.end()).code).toBe(0);
  }
  pty = new Pty(['help', 'completion'], { columns: 100, rows: 60, env });
  expect((await pty.end()).code).toBe(0);
  expect(pty.screen().text()).toContain('coca completion SHELL');
  expect(pty.output).not.toContain('paged');
});

test.each([
  ['an empty $PAGER', { PAGER: '' }],
  ['cat', { PAGER: 'cat' }],
  ['a terminal that can do nothing', { TERM: 'dumb' }],
  ['a pager that is not there', { PAGER: 'no-such-pager' }],
])('%s: it is printed', async (_, env) => {
  pty = new Pty(LONG, { columns: 80, rows: 200, env: { ...env, LINES: '24' } });
  expect((await pty.end()).code).toBe(0);
  pty = new Pty(LONG, { ...SIZE, env });
  expect((await pty.end()).code).toBe(0);
  expect(pty.output).toContain('--beams');
});

test('in a pipe it is printed, whatever $PAGER is', async () => {
  const { code, stdout } = await coca(LONG, { env: { PAGER: keeping() } });
  expect(code).toBe(0);
  expect(stdout).toContain('  --beams N ');
});

test('a pager that leaves before the end is no error', async () => {
  const long = join(fileURLToPath(new URL('../..', import.meta.url)), 'docs/architecture.md');
  expect(readFileSync(long).length).toBeGreaterThan(20_000);
  pty = new Pty(['help', 'architecture'], { ...SIZE, env: { PAGER: 'head -c 10 >/dev/null; echo left' } });
  await pty.until(/left/);
  expect((await pty.end()).code).toBe(0);
});

test('Ctrl-C is the pager’s: one that it ends leaves with 130, one that goes on is waited for', async () => {
  pty = new Pty(LONG, { ...SIZE, env: { PAGER: 'echo reading; exec sleep 20' } });
  await pty.until(/reading/);
  pty.type('\u0003');
  expect(await pty.end()).toMatchObject({ code: 130, isCooked: true });

  pty = new Pty(LONG, {
    ...SIZE,
    env: { PAGER: 'trap "echo kept on" INT; echo reading; read -r key </dev/tty; echo "left by $key"' },
  });
  await pty.until(/reading/);
  pty.type('\u0003');
  await pty.until(/kept on/);
  pty.type('q\r');
  await pty.until(/left by/);
  expect((await pty.end()).code).toBe(0);
});
