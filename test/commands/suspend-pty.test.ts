import { afterEach, describe, expect, test } from 'vitest';
import { fixture } from '../support/golden.js';
import { KEYS } from '../support/keys.js';
import { CLI, Pty } from '../support/pty.js';

const BOOK = fixture('scenes/0001.png');
const SIZE = { columns: 80, rows: 24 };
const SUSPEND = '\u001a';
/** Without line editing: the shell itself then leaves the terminal as it finds it. */
const BASH = ['bash', '--noediting', '--norc', '--noprofile', '-i'];

let pty: Pty;
afterEach(() => pty.close());

/** A shell with job control, and the program started from it. */
async function start(line: string, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const own = { PS1: 'shell> ', HISTFILE: '', COCA_HISTORY: '', ...env };
  pty = new Pty([], { ...SIZE, env: own, command: BASH });
  await pty.until(/shell>$/);
  pty.type(`${process.execPath} ${CLI} ${line}\n`);
}

/** What the shell finds: the terminal as it was, and itself in the foreground. */
async function atShell(count: number): Promise<void> {
  await pty.untilScreen('the shell', (screen) => /Stopped[\s\S]*shell>$/.test(screen.text()));
  pty.type(`stty -a | grep -o -- '-*icanon\\|-*echo\\b'; echo number $((${count}))\n`);
  const screen = await pty.untilScreen('its answer', (shown) => shown.text().includes(`number ${count}`));
  expect(screen.text()).toMatch(/\nicanon\necho\n/);
  expect([...screen.modes].sort()).toEqual(['25']);
}

async function leaveShell(): Promise<void> {
  await pty.until(/shell>$/);
  pty.type('exit\n');
  expect((await pty.end()).isCooked).toBe(true);
}

describe.each([
  // The picture is painted after the text: its last row.
  ['attend', `attend ${BOOK} --quiet`, /▀{40}\n\n\[a\].*background[\s\S]*q quit/, KEYS.right, /word +2 of 7/],
  ['step', `step ${BOOK} --quiet`, /Space takes the first step[\s\S]*q quit/, ' ', /step 1 of/],
])('%s', (_, line, first, key, next) => {
  test('Ctrl-Z is the shell, fg the view, whole, and keys go on', async () => {
    await start(line);
    await pty.until(first);
    const before = pty.screen().text();
    pty.type(SUSPEND);
    await atShell(1);
    pty.type('fg\n');
    await pty.untilScreen('the view', (screen) => screen.text() === before);
    expect(pty.screen().modes.has('1049')).toBe(true);
    expect(pty.screen().modes.has('25')).toBe(false);
    pty.type(key);
    await pty.until(next);
    pty.type(SUSPEND);
    await atShell(2);
    pty.type('fg\n');
    await pty.until(next);
    pty.type('q');
    await pty.until(/shell>$/);
    await leaveShell();
  });

  test('at another size it is drawn for that size', async () => {
    await start(line);
    await pty.until(first);
    pty.type(SUSPEND);
    await atShell(1);
    pty.resize(100, 30);
    pty.type('fg\n');
    const screen = await pty.untilScreen('30 rows', (shown) => /q quit/.test(shown.lines()[28] ?? ''));
    expect(screen.columns).toBe(100);
    pty.type(key);
    await pty.until(next);
    pty.type('q');
    await leaveShell();
  });
});

test("Kitty's pictures are not left to the shell, and are there again", async () => {
  await start(`attend ${BOOK} --quiet`, { TERM: 'xterm-kitty', KITTY_WINDOW_ID: '1' });
  await pty.untilScreen('a picture', (screen) => screen.pictures().length === 1);
  pty.type(SUSPEND);
  await atShell(1);
  expect(pty.screen().pictures()).toEqual([]);
  pty.type('fg\n');
  await pty.untilScreen('a picture', (screen) => screen.pictures().length === 1);
  pty.type('q');
  await leaveShell();
});

test('a signal from outside does the same as the key', async () => {
  await start(`attend ${BOOK} --quiet`);
  const before = await pty.until(/▀{40}\n\n\[a\][\s\S]*q quit/);
  const listed = await import('node:child_process').then(({ execFileSync }) =>
    execFileSync('ps', ['-o', 'pid=', '--ppid', String(pty.pid)], { encoding: 'utf8' }),
  );
  process.kill(Number(listed.trim()), 'SIGTSTP');
  await atShell(1);
  pty.type('fg\n');
  await pty.untilScreen('the view', (screen) => screen.text() === before);
  pty.type('q');
  await leaveShell();
});

test('the session: what is typed, what was said and the bracketed pastes come back; a view in it, too', async () => {
  await start(`${BOOK} --quiet`);
  await pty.until(/a small book on a pink background[\s\S]*0001\.png›/);
  pty.type('rank a bo');
  await pty.until(/› rank a bo$/);
  pty.type(SUSPEND);
  await atShell(1);
  pty.type('fg\n');
  await pty.until(/fg\n[\s\S]*0001\.png› rank a bo$/);
  expect(pty.screen().modes.has('2004')).toBe(true);
  pty.type('ok | a dog\r');
  await pty.until(/a book[\s\S]*a dog[\s\S]*0001\.png›$/);
  pty.type('attend\r');
  await pty.until(/\[a\].*background[\s\S]*q quit/);
  pty.type(SUSPEND);
  await atShell(2);
  pty.type('fg\n');
  await pty.until(/\[a\].*background[\s\S]*q quit/);
  pty.type('q');
  await pty.until(/0001\.png›$/);
  pty.type('\u0004');
  await leaveShell();
});
