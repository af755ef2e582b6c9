import { afterEach, describe, expect, test } from 'vitest';
import { matrixView } from '../../../src/ui/matrix/show.js';
import type { MatrixSource } from '../../../src/ui/matrix/source.js';
import type { MatrixState } from '../../../src/ui/matrix/state.js';
import { staticText } from '../../../src/ui/matrix/static.js';
import type { Colors } from '../../../src/ui/terminal.js';
import { KEYS } from '../../support/keys.js';
import { renderView } from '../../support/render-view.js';
import { testMatrix } from './source.js';

const WORDS = 'a small brown dog lies on a very comfortable green sofa'.split(' ');

let app: ReturnType<typeof renderView>;
afterEach(() => app.close());

async function open(
  source: MatrixSource,
  columns: number,
  rows: number,
  colors: Colors,
  at: Partial<MatrixState> = {},
) {
  app = renderView(matrixView(source, at), columns, rows, colors) as typeof app;
  await app.settle();
  return app.terminal().text();
}

describe('frames', () => {
  test('80 x 24 without colours: words with their figures, brackets, a mark, and facts below', async () => {
    expect(await open(testMatrix(4, WORDS), 80, 24, 'none', { row: 3 })).toMatchInlineSnapshot(`
      "a small brown dog lies on a very comfortable green sofa · test lens · photo.png…
      >5       a           small       brown       dog         lies        on
      cross.0  w0      25  w0      25  w0      25  w0      25  w0      25  w0      25
      cross.1  w1      50  w1      50  w1      50  w1      50  w1      50  w1      50
      cross.2  w2      75  w2      75  w2      75  w2      75  w2      75  w2      75
      cross.3 [=a     100] =small 100  =brown 100  =dog   100  =lies  100  =on    100

      after        <start>
      layer        cross.3
      a            12.0 %, 3rd
      would say    ████     50.0 %  dog
                   ██       25.0 %  cat










      ←→ word  ↑↓ layer  ? keys  q quit"
    `);
  });

  test('80 x 24: rows are left out before the facts are', async () => {
    const text = await open(testMatrix(40, WORDS), 80, 24, 'any', { row: 20 });
    expect(text).toMatch(/cross\.20 +\[w20 +\]/);
    expect(text).toContain('would say');
    await app.press(KEYS.pageDown, KEYS.pageDown);
    expect(app.terminal().text()).toMatch(/cross\.39 +\[a +\]/);
  });

  test('120 x 40: facts beside the table', async () => {
    const text = await open(testMatrix(13, WORDS), 120, 40, 'any', { row: 12 });
    expect(text.split('\n')[2]).toMatch(/^cross\.0 .* after +<start>$/);
    expect(text).toMatch(/^>2 /m);
    await app.press(KEYS.end);
    expect(app.terminal().text()).toMatch(/^<2 .* sofa/m);
    expect(app.terminal().text()).toMatch(/after +a small brown/);
  });

  test('200 x 60: every word, and its figure beside it', async () => {
    const text = await open(testMatrix(13, WORDS), 200, 60, '256', { row: 12 });
    expect(text.split('\n')[1]!.trim().split(/ +/)).toEqual(WORDS);
    const marked = app.terminal().cell(14, 11);
    expect(marked.style).toContain('4');
    expect(marked.style).not.toEqual(app.terminal().cell(2, 11).style);
  });

  test.each([
    [80, 24],
    [120, 40],
    [200, 60],
    [40, 12],
    [20, 6],
    [8, 3],
  ])('%i x %i: no line is wider than the terminal, and a row is left', async (columns, rows) => {
    for (const colors of ['none', '16', 'any'] as const) {
      await open(testMatrix(13, WORDS), columns, rows, colors, { row: 6, column: 4 });
      for (const key of [KEYS.right, KEYS.down, '?']) {
        const lines = app.terminal().lines();
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
        expect(lines[rows - 1] ?? '').toBe('');
        await app.press(key);
      }
      await app.close();
    }
    await open(testMatrix(1, ['a']), columns, rows, 'none');
  });

  test('the list of keys says what colours and marks mean', async () => {
    await open(testMatrix(4, WORDS), 80, 24, 'any');
    await app.press('?');
    expect(app.terminal().text()).toMatch(/colours +from improbable to certain\nunderlined +what the caption says/);
    await app.press('?');
    expect(app.terminal().text()).toContain('would say');
  });

  test('q leaves', async () => {
    await open(testMatrix(4, WORDS), 80, 24, 'none');
    await app.press('q');
    expect(await app.left).toBe('quit');
  });
});

test('printed: the whole table, in parts as wide as the terminal', async () => {
  app = renderView(matrixView(testMatrix(1, ['a'])), 80, 24, 'none') as typeof app;
  const text = staticText(testMatrix(2, WORDS), { columns: 60, colors: 'none' });
  for (const word of WORDS) expect(text).toContain(word);
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
  expect(text.match(/^cross\.1 /gm)).toHaveLength(3);
});
