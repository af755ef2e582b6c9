import { afterEach, expect, test } from 'vitest';
import { fixture } from '../../support/golden.js';
import { KEYS } from '../../support/keys.js';
import { Pty } from '../../support/pty.js';

const ARGS = ['trace', fixture('scenes/0001.png'), fixture('scenes/0003.png'), 'a small book', '--quiet'];
const left = { isCooked: true, modes: new Set(['25']) };
let pty: Pty;
afterEach(() => pty.close());

test('layers and words, walked with the keys; the help; another size', async () => {
  pty = new Pty(ARGS, { columns: 80, rows: 24 });
  // It begins at the word that B costs most.
  await pty.until(/under A \d+ % {2}under B/);
  // Everything is traced.
  const first = await pty.until(
    /^(?![\s\S]*\d +…)[\s\S]*under A \d+ % {2}under B (<1|\d+) %[\s\S]*\[book\][\s\S]*q quit/,
  );
  expect(first.match(/^.*> \w+\.\d +-?\d\.\d\d/gm)).toHaveLength(1);
  for (const site of ['vision.0', 'vision.2', 'image', 'cross.2']) expect(first).toContain(site);
  const siteOf = (text: string) => /> (\w+\.\d)/.exec(text)![1]!;
  const site = siteOf(first);
  pty.type(KEYS.down);
  const next = siteOf(await pty.until(new RegExp(`> (?!${site.replace('.', '\\.')})\\w+\\.\\d[\\s\\S]*q quit`)));
  pty.type(KEYS.up);
  await pty.until(new RegExp(`> ${site.replace('.', '\\.')} `));
  expect(next).not.toBe(site);
  pty.type(KEYS.left);
  await pty.until(/\[small\]/);
  pty.type(KEYS.home);
  await pty.until(/\[a\]/);
  pty.type('?');
  await pty.until(/layer before, layer after/);
  pty.type('?');
  pty.resize(120, 40);
  await pty.until(/\[a\][\s\S]*q quit/);
  pty.type('q');
  expect(await pty.end()).toEqual({ code: 0, ...left });
  expect(pty.screen().scrolled).toBe(0);
});

test('NO_COLOR: figures, and not one colour; Ctrl-C: 130, and the terminal as it was', async () => {
  pty = new Pty([...ARGS, '--word', 'book'], { columns: 80, rows: 24, env: { NO_COLOR: '1' } });
  await pty.until(/> \w+\.\d +-?\d\.\d\d[\s\S]*\[book *\][\s\S]*q quit/);
  expect(pty.output).not.toMatch(/\u001b\[[34]8;/);
  pty.type(KEYS.interrupt);
  expect(await pty.end()).toEqual({ code: 130, ...left });
});

test('it is shown while it is computed, and can be left or interrupted then', async () => {
  for (const [key, code] of [
    ['q', 0],
    [KEYS.interrupt, 130],
  ] as const) {
    pty = new Pty(ARGS, { columns: 80, rows: 24 });
    await pty.until(/vision\.4 +…[\s\S]*q quit/);
    pty.type(key);
    expect(await pty.end()).toEqual({ code, ...left });
    pty.close();
  }
});

test('Ctrl-C while it is computed for a page', async () => {
  pty = new Pty([...ARGS, '--html', '/dev/null'], { columns: 80, rows: 24 });
  await pty.until(/tracing: \d+ %/);
  pty.type(KEYS.interrupt);
  expect((await pty.end()).code).toBe(130);
});
