import { afterEach, expect, test } from 'vitest';
import { fixture } from '../../support/golden.js';
import { KEYS } from '../../support/keys.js';
import { Pty } from '../../support/pty.js';

const BOOK = fixture('scenes/0001.png');
const left = { isCooked: true, modes: new Set(['25']) };
let pty: Pty;
afterEach(() => pty.close());

test('lens: the grid of layers and words, walked with the keys', async () => {
  pty = new Pty(['lens', BOOK, '--quiet'], { columns: 80, rows: 24 });
  const first = await pty.until(/cross\.2 +\[a +\][\s\S]*would say[\s\S]*q quit/);
  expect(first).toMatch(/^a small book on a pink background · logit lens/);
  expect(first).toMatch(/after +<start>/);
  expect(first).toMatch(/layer +cross\.2: what the model says/);
  pty.type(KEYS.right + KEYS.right);
  await pty.until(/cross\.2 .*\[book *\][\s\S]*after +a small/);
  pty.type(KEYS.up.repeat(3));
  await pty.until(/layer +text: before the picture is seen/);
  pty.type('?');
  await pty.until(/colours +from improbable to certain/);
  pty.type('?q');
  expect(await pty.end()).toEqual({ code: 0, ...left });
  expect(pty.screen().scrolled).toBe(0);
});

test('heads: the heat map at another size, and Ctrl-C', async () => {
  pty = new Pty(['heads', BOOK, '--quiet'], { columns: 120, rows: 40 });
  const first = await pty.until(/\[ +-?\d\.\d\d\][\s\S]*largest[\s\S]*q quit/);
  // It begins at the largest cost.
  expect(first).toMatch(/^cross\.\d\.h\d .*\[ +0\.\d\d\].* head /m);
  expect(first.match(/^cross\.\d\.h\d /gm)).toHaveLength(18);
  pty.resize(80, 24);
  await pty.until(/PgUp PgDn scroll/);
  pty.type(KEYS.pageDown);
  await pty.until(/cost +-?\d\.\d{3} nats/);
  pty.type(KEYS.interrupt);
  expect(await pty.end()).toEqual({ code: 130, ...left });
});

test('in a session, with a part taken out', async () => {
  pty = new Pty(['repl', BOOK, '--quiet'], { columns: 100, rows: 30 });
  await pty.until(/pink background[\s\S]*›/);
  pty.type('set ablate cross.0\r');
  await pty.until(/›[^\n]*$/);
  pty.type('lens\r');
  await pty.until(/without cross\.0[\s\S]*would say[\s\S]*q quit/);
  pty.type('q');
  await pty.until(/›[^\n]*$/);
  pty.type('quit\r');
  expect((await pty.end()).code).toBe(0);
});
