import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { fixture } from '../../support/golden.js';
import { KEYS } from '../../support/keys.js';
import { Pty } from '../../support/pty.js';
import { expectedCaption } from '../../support/scenes.js';

const SIZE = { columns: 80, rows: 24 };
let folder: string;
let pty: Pty;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-step-'));
  copyFileSync(fixture('scenes/0001.png'), join(folder, 'book.png'));
});
afterEach(() => pty.close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open = (args: readonly string[], options: Partial<ConstructorParameters<typeof Pty>[1]> = {}): Pty =>
  new Pty(['step', '--quiet', ...args], { ...SIZE, cwd: folder, ...options });

const left = { isCooked: true, modes: new Set(['25']) };

describe('on a pseudo-terminal', () => {
  test('a walk is changed with keys: both lines side by side', async () => {
    copyFileSync(fixture('scenes/0007.png'), join(folder, 'whale.png'));
    copyFileSync(fixture('scenes/0008.png'), join(folder, 'fish.png'));
    pty = open(['whale.png']);
    await pty.until(/step 0 of 23[\s\S]*Space step/);
    pty.type('  E');
    await pty.until(/a \[whale\][\s\S]*erase: _[\s\S]*3x2\+1\+0 .*of 8 x 8 cells[\s\S]*Enter change it/);
    pty.type('\r');
    const erased = await pty.until(
      /moved most after a by erase:whale[\s\S]*line 0 +\d+ tokens[\s\S]*line 1 erase:whale/,
    );
    expect(erased).toMatch(/step 1 of 23 · erase:whale/);
    expect(erased).toMatch(/› line 1 +-0\.\d{3} {2}\[erase:whale\] a /);
    expect(erased).toMatch(/- whale +\d+\.\d % → +(< )?0\.1 %/);
    pty.type(KEYS.left);
    await pty.until(/undone: erase:whale/);
    pty.type('r');
    await pty.until(/done again: erase:whale/);
    pty.type('Across.9\r');
    await pty.until(/there is no site 'cross.9' in this model/);
    pty.type('Across.0\r');
    await pty.until(/moved most after a by ablate:cross\.0/);
    pty.type('\t');
    await pty.until(/› line 0[\s\S]*a \[whale\][\s\S]*moved most after whale/);
    pty.type('P');
    await pty.until(/patch: _[\s\S]*vision\.0 to vision\.4/);
    pty.type('fish.png at vision.4\r');
    await pty.until(/step 2 of 23 · patch:fish\.png at vision\.4[\s\S]*line 3 patch:fish/);
    pty.type('w');
    await pty.until(/saved in whale-step\.json/);
    const { actions } = JSON.parse(readFileSync(join(folder, 'whale-step.json'), 'utf8'));
    expect(actions.map(({ type }: { type: string }) => type)).toEqual(['next', 'next', 'erase', 'ablate', 'patch']);
    pty.type('q');
    expect(await pty.end()).toEqual({ code: 0, ...left });
  });

  test('where a token looks, drawn in more pixels than the model has', async () => {
    pty = open(['book.png', '--images', 'kitty'], { columns: 120, rows: 40 });
    await pty.until(/step 0 of 23[\s\S]*Space step/);
    pty.type(' ');
    await pty.until(/step 1 of 23/);
    const pictures = () => pty.output.split('\u001b_G').length;
    const before = pictures();
    pty.type('a');
    await vi.waitFor(() => expect(pictures()).toBeGreaterThan(before), { timeout: 30_000, interval: 50 });
    expect(pty.screen().text()).toMatch(/Space step.*q quit/);
    pty.type('q');
    expect((await pty.end()).code).toBe(0);
  });

  test('the keys, one after the other', async () => {
    pty = open(['book.png']);
    await pty.until(/step 0 of 23[\s\S]*beam 0: how it may begin[\s\S]*1 a +█+[\s\S]*Space step/);
    pty.type(' ');
    await pty.until(/step 1 of 23[\s\S]*› 0 +-0\.\d{3} +-0\.\d{3} {2}\[a\]/);
    pty.type(KEYS.right);
    await pty.until(/step 2 of 23[\s\S]*a \[small\][\s\S]*history 2\/2|step 2 of 23/);
    pty.type(KEYS.left);
    await pty.until(/step 1 of 23[\s\S]*undone: a step/);
    pty.type('r');
    await pty.until(/step 2 of 23[\s\S]*done again: a step/);
    pty.type(KEYS.down);
    await pty.until(/› 1 .*a \[\w+\][\s\S]*beam 1: after \w+[\s\S]*min length/);
    pty.type(KEYS.up);
    await pty.until(/› 0 .*a \[small\]/);
    pty.type('2');
    await pty.until(/step 3 of 23[\s\S]*a small \[\w+!\]/);
    pty.type(KEYS.left);
    await pty.until(/undone: force \w+/);
    pty.type('/dog');
    await pty.until(/find: dog_[\s\S]*› dog .*rank \d+\n {2}hotdog/);
    pty.type('\r');
    await pty.until(/step 3 of 23[\s\S]*a small \[dog!\]/);
    pty.type('[');
    await pty.until(/a \[small\] dog!/);
    pty.type('b');
    await pty.until(/› line 1 +-0\.\d{3} {2}a small {2}● step 2[\s\S]*› 0 .*a \[small\]/);
    pty.type('  ');
    await pty.until(/line 1 .*● step 4/);
    pty.type('\t');
    await pty.until(/› line 0 .*● step 3/);
    pty.type('x');
    await pty.until(/› 4 .*an? \w+ \[\w+\][\s\S]*beam 5 is pruned/);
    pty.type('o');
    await pty.until(/options from here on[\s\S]*› beams +6_/);
    pty.type(`3${KEYS.down}`);
    await pty.until(/beams +3 {2}\(was 6\)\n› max-length/);
    pty.type('\r ');
    await pty.until(/^step 4 of 23 · beam search, 3 beams/);
    pty.type('t');
    await pty.until(/fell at step 4: why, sum, probability\n✗ /);
    pty.type('t?');
    await pty.until(/Space right l +a step of the search[\s\S]*13 below/);
    pty.type(KEYS.pageDown);
    await pty.until(/8 above/);
    pty.type(KEYS.escape);
    await pty.until(/tree {2}\d+ tokens/);
    pty.type('a');
    await pty.untilScreen('the picture', (screen) => /^.{60}▀{20}$/.test(screen.lines()[4]!));
    pty.type('ae');
    await pty.until(/^ended at step \d+[\s\S]*finished: its tokens/);
    pty.type('w');
    await pty.until(/saved in book-step\.json/);
    const { actions } = JSON.parse(readFileSync(join(folder, 'book-step.json'), 'utf8'));
    expect(actions.slice(0, 5).map(({ type }: { type: string }) => type)).toEqual([
      'next',
      'next',
      'force',
      'fork',
      'next',
    ]);
    pty.type(KEYS.home);
    await pty.until(/^step 0 of 23[\s\S]*history 0\/\d\d/);
    pty.type(KEYS.end);
    await pty.until(/^ended at step/);
    pty.type('q');
    expect(await pty.end()).toEqual({ code: 0, ...left });
    expect(pty.screen().scrolled).toBe(0);
    expect(pty.screen().text()).toMatch(/a .*\n?exit 0/);
  });

  test('goes on from a saved session, under another size', async () => {
    pty = open(['book.png', '--script', 'next:3,force:dog', '--save', 'walk.json'], { columns: 100 });
    expect((await pty.end()).code).toBe(0);
    // A script on a terminal is done and printed, without waiting for keys.
    expect(pty.output).toMatch(/step 4 of 23[\s\S]*tree/);
    expect(pty.output).not.toContain('\u001b[?1049h');
    pty = open(['--load', 'walk.json']);
    await pty.until(/step 4 of 23[\s\S]*a small book \[dog!\]/);
    pty.resize(120, 40);
    await pty.until(/tree {2}24 tokens +fell at step 4[\s\S]*Space step/);
    pty.resize(44, 14);
    await pty.until(/› beam \d: after dog/);
    pty.type('q');
    expect((await pty.end()).code).toBe(0);
  });

  test('Ctrl-C: 130, and the terminal as it was, also while a token is typed', async () => {
    pty = open(['book.png']);
    await pty.until(/Space step/);
    pty.type(`/do${KEYS.interrupt}`);
    expect(await pty.end()).toEqual({ code: 130, ...left });
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s: %i, and the terminal as it was', async (name, code) => {
    pty = open(['book.png']);
    await pty.until(/Space step/);
    pty.signal(name);
    expect(await pty.end()).toEqual({ code, ...left });
  });

  test('NO_COLOR: not one colour is sent, and what it said is there in numbers', async () => {
    pty = open(['book.png'], { env: { NO_COLOR: '1' } });
    await pty.until(/Space step/);
    pty.type('   ');
    await pty.until(/step 3 of 23[\s\S]*a(\(\d+\))? small\(\d+\) \[book\(\d+\)\]/);
    expect(pty.output).not.toMatch(/\u001b\[[0-9;]*m/);
    pty.type('q');
    await pty.end();
  });

  test('TERM=dumb: runs to the end and prints, without waiting for keys', async () => {
    pty = open(['book.png'], { env: { TERM: 'dumb' } });
    expect((await pty.end()).code).toBe(0);
    const score = expectedCaption('0001.png').score.toFixed(3);
    expect(pty.output).toMatch(
      new RegExp(`ended at step \\d+[\\s\\S]*✓ +${score}[\\s\\S]*tree {2}\\d+ tokens[\\s\\S]*✗ score`),
    );
    expect(pty.output).not.toContain('\u001b');
  });

  test('a terminal of 10 x 3', async () => {
    pty = open(['book.png'], { columns: 10, rows: 3 });
    await pty.until(/› 0/);
    pty.type('  a/d');
    await pty.until(/› 0 ….*\]/);
    pty.type('\r');
    await pty.until(/!\]/);
    pty.type('q');
    await pty.until(/not sav/);
    pty.type('q');
    expect((await pty.end()).code).toBe(0);
  });

  test("a picture's name is shown, not obeyed", async () => {
    const name = 'a\u001b[2Jb\u202e.png';
    copyFileSync(fixture('scenes/0001.png'), join(folder, name));
    pty = open([name], { columns: 120 });
    await pty.until(/a\\x1b\[2Jb\\u202e\.png/);
    pty.type('w');
    await pty.until(/saved in a-2Jb-step\.json/);
    pty.type('q');
    expect((await pty.end()).code).toBe(0);
  });
});
