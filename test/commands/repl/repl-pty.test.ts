import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { shell } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';
import { Pty } from '../../support/pty.js';

const SCENES = fixture('scenes');
const BOOK = `${SCENES}/0001.png`;
const TAXI = `${SCENES}/0003.png`;
const BOOK_CAPTION = 'a small book on a pink background';
const SIZE = { columns: 80, rows: 40 };
const KEYS = {
  up: '\u001b[A',
  left: '\u001b[D',
  enter: '\r',
  tab: '\t',
  backspace: '\u007f',
  remove: '\u001b[3~',
  interrupt: '\u0003',
  lineEnd: '\u0005',
  end: '\u0004',
  search: '\u0012',
  clear: '\u000c',
};
const inOrder = { isCooked: true, modes: new Set(['25']) };

let folder: string;
let pty: Pty;
let options: { readonly columns: number; readonly rows: number; readonly cwd: string; readonly env: NodeJS.ProcessEnv };
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'coca-repl-'));
  // A name that would set the terminal's title.
  writeFileSync(join(folder, 'evil\u001b]0;x\u0007.png'), readFileSync(TAXI));
  writeFileSync(join(folder, 'with blank.png'), readFileSync(BOOK));
});
beforeEach(() => {
  options = { ...SIZE, cwd: folder, env: { COCA_HISTORY: join(folder, 'history') } };
});
afterEach(() => pty.close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const start = (args: readonly string[] = ['--quiet'], env: NodeJS.ProcessEnv = {}): Pty =>
  new Pty(args, { ...options, env: { ...options.env, ...env } });

describe('a session on a pseudo-terminal', () => {
  test('a picture by its path, its caption, a rank, a view of its own, and out', async () => {
    pty = start();
    await pty.until(/coca 0\.1\.0[\s\S]*coca› *$/);
    pty.type(BOOK + KEYS.enter);
    const shown = await pty.until(/scenes on cpu[\s\S]*0001\.png› *$/);
    expect(shown).toMatch(new RegExp(`\\$ coca caption [\\s\\S]*[▀▄]{44}[\\s\\S]*${BOOK_CAPTION}`));
    pty.type(`rank a dog | a small book${KEYS.enter}`);
    await pty.until(/1 █+[▏▎▍▌▋▊▉]? +\d+\.\d % +0\.\d+ a small book\n2 .* a dog\n0001\.png› *$/);
    pty.type(`attend${KEYS.enter}`);
    await pty.until(/\[a\][\s\S]*q quit/);
    pty.type('q');
    const back = await pty.until(/› attend\n\$ coca attend [^›]*\n0001\.png› *$/);
    expect(back.replaceAll('\n', ' ')).toContain(`a dog › attend $ coca attend ${BOOK} '${BOOK_CAPTION}'`);
    pty.type(`caption --watch${KEYS.enter}`);
    const watched = await pty.until(/› caption --watch\n[\s\S]*score[\s\S]*0001\.png› *$/);
    expect(watched).toMatch(/› caption --watch\n\$ coca caption [^›]*--watch --quiet\na small book/);
    pty.type(`quit${KEYS.enter}`);
    expect(await pty.end()).toEqual({ code: 0, ...inOrder });
  });

  test('what was done with keys is exported, saved and told as a script that gives the same walk', async () => {
    pty = start(['repl', BOOK, '--quiet']);
    await pty.until(/0001\.png› *$/);
    pty.type(`step${KEYS.enter}`);
    await pty.until(/step 0 of 23[\s\S]*Space step/);
    pty.type('  2');
    await pty.until(/step 3 of 23/);
    pty.type('b ');
    await pty.until(/line 1 [\s\S]*● step 4/);
    pty.type('q');
    await pty.until(/not saved: w save and leave/);
    pty.type('w');
    await pty.until(/0001\.png› *$/);
    pty.type(`export walk.sh${KEYS.enter}`);
    await pty.until(/export walk\.sh[\s\S]*0001\.png› *$/);
    pty.type(`save walk.json${KEYS.enter}`);
    await pty.until(/save walk\.json[\s\S]*0001\.png› *$/);
    pty.type(`quit${KEYS.enter}`);
    expect((await pty.end()).code).toBe(0);
    const saved = JSON.parse(readFileSync(join(folder, '0001-step.json'), 'utf8'));
    expect(saved.actions.map(({ type }: { type: string }) => type)).toEqual(['next', 'next', 'force', 'fork', 'next']);
    const [result] = JSON.parse(readFileSync(join(folder, 'walk.json'), 'utf8'));
    expect(result.actions).toEqual(saved.actions);
    const line = readFileSync(join(folder, 'walk.sh'), 'utf8')
      .split('\n')
      .find((one) => one.startsWith('coca step'));
    expect(line).toMatch(/ --script next:2,choose:\d,force:=\d+,fork:\d@3,next$/);
    const again = await shell(`${line} --json`, { cwd: folder });
    expect(again.code).toBe(0);
    const [repeated] = JSON.parse(again.stdout);
    expect(repeated.nodes).toEqual(result.nodes);
    expect(repeated.best).toBe(result.best);
  });

  test('editing, earlier lines, searching them, in the next session too', async () => {
    pty = start(['repl', TAXI, '--quiet']);
    await pty.until(/0003\.png› *$/);
    pty.type(`caXption${KEYS.left.repeat(5)}${KEYS.backspace}`);
    await pty.until(/0003\.png› caption$/);
    pty.type(`${KEYS.remove}p${KEYS.lineEnd} --beams 2${KEYS.enter}`);
    await pty.until(/beams 2\n\$ coca caption/);
    await pty.until(/0003\.png› *$/);
    pty.type(KEYS.up);
    await pty.until(/0003\.png› .*--beams 2$/);
    pty.type(`\u0015${KEYS.end}`);
    expect((await pty.end()).code).toBe(0);
    pty = start(['repl', TAXI, '--quiet']);
    await pty.until(/0003\.png› *$/);
    pty.type(`${KEYS.search}beams`);
    await pty.until(/search "beams"› .*--beams 2$/);
    pty.type(`\u0007${KEYS.end}`);
    expect((await pty.end()).code).toBe(0);
  });

  test('Ctrl-X Ctrl-E: the line in an editor of the user, which has the terminal', async () => {
    const editor = join(folder, 'an editor');
    writeFileSync(editor, '#!/bin/sh\nread -r key\nsed -i "s/dog/$key/; s/$/ | a taxi/" "$2"\n', { mode: 0o755 });
    pty = start(['repl', BOOK, '--quiet'], { VISUAL: `'${editor}' --wait`, EDITOR: 'false' });
    await pty.until(/0001\.png› *$/);
    pty.type('rank a dog\u0018\u0005');
    await pty.untilScreen('no prompt', (screen) => !screen.modes.has('2004') && screen.modes.has('25'));
    pty.type('book\n');
    await pty.until(/0001\.png› rank a book \| a taxi$/);
    pty.type('\u001f');
    await pty.until(/0001\.png› rank a dog$/);
    pty.type(`${KEYS.end}${KEYS.interrupt}${KEYS.end}`);
    expect(await pty.end()).toEqual({ code: 0, ...inOrder });
  });

  test('an editor that fails leaves the line as it was, and is told', async () => {
    pty = start(['repl', BOOK, '--quiet'], { VISUAL: '', EDITOR: 'false' });
    await pty.until(/0001\.png› *$/);
    pty.type('rank a dog\u0018\u0005');
    await pty.until(/0001\.png› rank a dog\nfalse: 1, and the line is as it was$/);
    pty.type(`${KEYS.interrupt}${KEYS.end}`);
    expect(await pty.end()).toEqual({ code: 0, ...inOrder });
  });

  test('Tab completes, and shows the ways to go on', async () => {
    pty = start();
    await pty.until(/coca› *$/);
    pty.type(`capt${KEYS.tab}`);
    await pty.until(/coca› caption *$/);
    pty.type(`--strategy ${KEYS.tab}`);
    await pty.until(/› caption --strategy *\n beam +greedy +sample/);
    pty.type(KEYS.tab + KEYS.tab);
    await pty.until(/› caption --strategy greedy\n beam +\[greedy\] +sample/);
    pty.type(`\u0015"wit${KEYS.tab}`);
    await pty.until(/coca› "with blank\.png" *$/);
    pty.type(KEYS.enter);
    await pty.until(/with blank\.png› *$/);
    pty.type(KEYS.end);
    expect((await pty.end()).code).toBe(0);
  });

  test('what is pasted runs no line before its time, and several lines run in turn', async () => {
    pty = start();
    await pty.until(/coca› *$/);
    pty.type(`\u001b[200~${BOOK}\rcaption --num 2\r\u001b[201~`);
    await pty.until(/0001\.png⏎caption --num 2/);
    expect(pty.screen().text()).not.toContain('$ coca');
    pty.type(KEYS.enter);
    await pty.until(/\$ coca caption[\s\S]*\$ coca caption .*--num 2[\s\S]*0001\.png› *$/);
    pty.type(KEYS.end);
    expect((await pty.end()).code).toBe(0);
  });

  test('Ctrl-C stops what runs and keeps the session; twice leaves: 130', async () => {
    pty = start(['repl', BOOK, '--quiet']);
    await pty.until(/0001\.png› *$/);
    pty.type(`bench --seconds 60${KEYS.enter}`);
    await pty.until(/encode image.*ms[\s\S]*0001\.png›|working[\s\S]*0001\.png›/);
    pty.type(KEYS.interrupt);
    await pty.until(/stopped\n0001\.png› *$/);
    pty.type(`half a line${KEYS.interrupt}`);
    await pty.until(/0001\.png› *$/);
    pty.type(KEYS.interrupt);
    await pty.until(/0001\.png› *\nCtrl-C again or Ctrl-D leaves/);
    pty.type(KEYS.interrupt);
    expect(await pty.end()).toEqual({ code: 130, ...inOrder });
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s: %i, and the terminal as it was', async (name, code) => {
    pty = start();
    await pty.until(/coca› *$/);
    pty.signal(name);
    expect(await pty.end()).toEqual({ code, ...inOrder });
  });

  test('an error that nobody caught: one line, 2, and the terminal as it was', async () => {
    const thrower = join(folder, 'thrower.mjs');
    writeFileSync(thrower, "process.on('SIGUSR2', () => setImmediate(() => { throw new Error('boom'); }));");
    pty = start(['--quiet'], { NODE_OPTIONS: `--import ${thrower}` });
    await pty.until(/coca› *$/);
    pty.signal('SIGUSR2');
    expect(await pty.end()).toEqual({ code: 2, ...inOrder });
    expect(pty.output).toMatch(/coca: unexpected failure: boom\r\n/);
    expect(pty.output).not.toContain('thrower.mjs');
  });

  test('names that would act on a terminal are shown', async () => {
    pty = start();
    await pty.until(/coca› *$/);
    pty.type(`evi${KEYS.tab}`);
    await pty.until(/coca› evil\\x1b/);
    pty.type(KEYS.enter);
    await pty.until(/evil\\x1b\]0;x\\x07\.png› *$/);
    expect(pty.output).not.toContain('\u001b]0;x');
    pty.type(KEYS.end);
    expect((await pty.end()).code).toBe(0);
  });

  test('another size, while it is used', async () => {
    pty = start(['repl', BOOK, '--quiet']);
    await pty.until(/0001\.png› *$/);
    pty.resize(40, 12);
    pty.type('rank a dog | a book on a pink background');
    await pty.until(/^0001\.png› rank a dog \| a book on a pink\n *background$/m);
    pty.type(KEYS.enter);
    await pty.until(/a book on a pink[\s\S]*0001\.png› *$/);
    pty.resize(10, 3);
    await pty.until(/0001› *$|› *$/);
    pty.type(`pictures${KEYS.enter}`);
    pty.resize(120, 40);
    pty.type(`pictures${KEYS.enter}`);
    await pty.until(/\*1 {2}\/.*0001\.png {2}a small book on a pink background/);
    pty.type(KEYS.end);
    expect((await pty.end()).code).toBe(0);
  });

  test('NO_COLOR: not one colour is sent', async () => {
    pty = start(['repl', BOOK, '--quiet'], { NO_COLOR: '1' });
    await pty.until(/0001\.png› *$/);
    expect(pty.output).not.toMatch(/\u001b\[[0-9;]*[1-9][0-9;]*m/);
    pty.type(KEYS.end);
    await pty.end();
  });

  test('TERM=dumb: plain, line by line', async () => {
    pty = start(['--quiet'], { TERM: 'dumb' });
    await pty.until(/coca> *$/);
    pty.type(`caption ${BOOK}${KEYS.enter}`);
    await pty.until(new RegExp(`${BOOK_CAPTION}\\ncoca> *$`));
    pty.type(KEYS.end);
    expect((await pty.end()).code).toBe(0);
    expect(pty.output).not.toContain('\u001b');
    expect(existsSync(join(folder, 'dumb'))).toBe(false);
  });
});
