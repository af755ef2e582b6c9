import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { temporaryFolder } from '../../support/folder.js';
import { fixture } from '../../support/golden.js';
import { partsOfPage } from '../../support/page.js';
import { Pty } from '../../support/pty.js';

const BOOK = fixture('scenes/0001.png');
const { at } = temporaryFolder();
let pty: Pty;
afterEach(() => pty.close());

const page = (name: string) => JSON.parse(partsOfPage(readFileSync(at(name), 'utf8')).json);

test.each(['attend', 'lens', 'heads'])(
  '%s on a terminal: with a page no keys are asked for, and what there is is printed',
  async (command) => {
    pty = new Pty([command, BOOK, 'a small book', '--html', at('page.html')], {
      columns: 100,
      rows: 40,
    });
    expect(await pty.end()).toEqual({ code: 0, isCooked: true, modes: new Set(['25']) });
    expect(pty.screen().text()).toMatch(/book[\s\S]*the page is in /);
    expect(page('page.html')).toMatchObject([{ image: BOOK, caption: 'a small book' }]);
  },
);

test('step on a terminal: the page is of the walk as it was left', async () => {
  pty = new Pty(['step', BOOK, '--images', 'none', '--html', at('walk.html')], { columns: 100, rows: 40 });
  await pty.until(/q quit/);
  pty.type(' q');
  await pty.until(/the page is in /);
  expect((await pty.end()).code).toBe(0);
  expect(page('walk.html')).toMatchObject([{ actions: [{ type: 'next', line: 0 }] }]);
});
