import { afterEach, expect, test } from 'vitest';
import { fixture } from '../../support/golden.js';
import { Pty } from '../../support/pty.js';

const CAPTION = 'a small book on a pink background';

let pty: Pty | undefined;
afterEach(() => pty?.close());

/** What the status line showed, in order. */
const shown = (output: string): string[] =>
  [...output.matchAll(/\r\u001b\[2K([^\r\n\u001b]+)/g)].map(([, text]) => text!);

test('the words of the leading hypothesis are shown while it is searched for, and nothing of them stays', async () => {
  pty = new Pty(['caption', fixture('scenes/0001.png'), '--images', 'none'], { columns: 80, rows: 24 });
  expect((await pty.end()).code).toBe(0);
  const words = shown(pty.output).filter((text) => text.endsWith('…'));
  expect(words.length).toBeGreaterThan(0);
  for (const text of words) expect(CAPTION).toContain(text.slice(0, -1).trim().split(' ')[0]!);
  expect(pty.output.indexOf(words[0]!)).toBeLessThan(pty.output.lastIndexOf(CAPTION));
  expect(pty.screen().text()).not.toContain('…');
  expect(pty.screen().text()).toContain(CAPTION);
});

test('of a line that is too long, the last words', async () => {
  const options = ['--images', 'none', '--min-length', '22', '--max-length', '22', '--strategy', 'greedy'];
  pty = new Pty(['caption', fixture('scenes/0001.png'), ...options], { columns: 30, rows: 24 });
  expect((await pty.end()).code).toBe(0);
  const words = shown(pty.output).filter((text) => text.endsWith('…'));
  expect(words.length).toBeGreaterThan(0);
  for (const text of words) expect(text.length).toBeLessThanOrEqual(14);
});

test('loading has a percentage, and --quiet takes neither away', async () => {
  pty = new Pty(['caption', fixture('scenes/0001.png'), '--quiet', '--images', 'none'], { columns: 80, rows: 24 });
  expect((await pty.end()).code).toBe(0);
  expect(pty.output).toMatch(/loading the model/);
  expect(shown(pty.output).some((text) => text.endsWith('…'))).toBe(true);
});
