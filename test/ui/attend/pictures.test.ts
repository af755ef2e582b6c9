import { afterEach, describe, expect, test } from 'vitest';
import { mapDrawer } from '../../../src/ui/attend/draw.js';
import type { AttendSource } from '../../../src/ui/attend/source.js';
import { enlargeMap, OPACITY, overlay } from '../../../src/ui/picture/heat.js';
import type { PictureKind } from '../../../src/ui/picture/raster.js';
import { KEYS } from '../../support/keys.js';
import { CELL, type Pixels, pixelsOf } from '../../support/terminal-pictures.js';
import { renderAttend } from './render.js';
import { testSource } from './source.js';

const CAPTION = ['a', 'dog', 'on', 'a', 'sofa'];
const GRAPHICS = ['kitty', 'iterm', 'sixel'] as const;
/** 80 x 24 has a picture of 20 rows, 200 x 60 one of 56. */
const LARGE = { row: 0, column: 0, columns: 40, rows: 20 };
const ANSWER = `\u001b[6;${CELL.height};${CELL.width}t`;

let app: ReturnType<typeof renderAttend>;
afterEach(() => app.close());

async function open(source: AttendSource, kind: PictureKind, columns = 80, rows = 24) {
  app = renderAttend(source, columns, rows, 'any', kind);
  await app.settle();
  if (kind === 'sixel') await app.press(ANSWER);
  return app;
}

const at = ({ rgb, width }: Pixels, x: number, y: number) => [
  ...rgb.subarray((y * width + x) * 3, (y * width + x) * 3 + 3),
];

describe.each(GRAPHICS)('%s', (kind) => {
  test('the picture alone: its pixels, at its cells', async () => {
    const source = testSource(CAPTION);
    await open(source, kind);
    await app.press('+', '+', '+');
    expect(app.terminal().text()).toContain('picture alone');
    expect(app.pictures()).toEqual([expect.objectContaining({ protocol: kind, ...LARGE })]);
    const pixels = await pixelsOf(app.pictures()[0]!);
    expect([pixels.width, pixels.height]).toEqual([400, 400]);
    // The source is 8 x 8: each of its pixels is a square of 50. Sixels say colours in percents.
    const tolerance = kind === 'sixel' ? 2 : 0;
    const { picture } = source;
    for (const [x, y] of [
      [0, 0],
      [7, 0],
      [3, 5],
      [7, 7],
    ] as const) {
      const expected = [...picture.rgb.subarray((y * 8 + x) * 3, (y * 8 + x) * 3 + 3)];
      for (const [u, v] of [
        [x * 50, y * 50],
        [x * 50 + 49, y * 50 + 49],
      ] as const) {
        for (const [i, value] of at(pixels, u, v).entries()) {
          expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(tolerance);
        }
      }
    }
  });

  test('a word: the map over the picture, and a white cross in black on its peak', async () => {
    const source = testSource(CAPTION);
    await open(source, kind);
    await app.press(KEYS.right);
    const pixels = await pixelsOf(app.pictures()[0]!);
    // The word peaks at patch (1, 1) of 4 x 4: the centre is at 150 of 400.
    expect(at(pixels, 150, 150)).toEqual([255, 255, 255]);
    expect(at(pixels, 160, 150)).toEqual([255, 255, 255]);
    expect(at(pixels, 150, 165)).toEqual([0, 0, 0]);
    const enlarged = Uint8Array.from({ length: 400 * 400 * 3 }, (_, i) => {
      const pixel = Math.floor(i / 3);
      return source.picture.rgb[(Math.floor(pixel / 400 / 50) * 8 + Math.floor((pixel % 400) / 50)) * 3 + (i % 3)]!;
    });
    const { map } = source.mapOf(1, { method: 'cross', layer: 'mean', head: 'mean' });
    const rgb = overlay({ size: 400, rgb: enlarged }, enlargeMap(map, 4, 400), OPACITY);
    const tolerance = kind === 'sixel' ? 12 : 0; // 256 colours
    for (const [x, y] of [
      [0, 0],
      [100, 150],
      [150, 220],
      [399, 399],
    ] as const) {
      const expected = at({ rgb, width: 400, height: 400 }, x, y);
      for (const [i, value] of at(pixels, x, y).entries()) {
        expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(tolerance);
      }
    }
  });

  test('each key replaces the picture, the help hides it, Esc brings it back', async () => {
    await open(testSource(CAPTION), kind);
    const [first] = app.pictures();
    await app.press(KEYS.right, KEYS.right, '+');
    expect(app.pictures()).toEqual([expect.objectContaining(LARGE)]);
    expect(app.pictures()[0]!.payload).not.toBe(first!.payload);
    await app.press('?');
    expect(app.pictures()).toEqual([]);
    expect(app.terminal().text()).toContain('all words at once');
    await app.press(KEYS.escape);
    expect(app.pictures()).toEqual([expect.objectContaining(LARGE)]);
  });

  test('the grid: a picture for each word, below its label', async () => {
    await open(testSource(CAPTION), kind);
    await app.press('g');
    const pictures = app.pictures();
    expect(pictures).toHaveLength(CAPTION.length);
    const lines = app.terminal().lines();
    for (const [i, { row, column, columns, rows }] of pictures.entries()) {
      expect([columns, rows]).toEqual([2 * rows, rows]);
      expect(lines[row - 1]!.slice(column)).toMatch(new RegExp(`^[ []${CAPTION[i]} `));
    }
    await app.press('g');
    expect(app.pictures()).toEqual([expect.objectContaining(LARGE)]);
  });

  test('200 x 60: all words beside the large one', async () => {
    await open(testSource(CAPTION), kind, 200, 60);
    const [large, ...small] = app.pictures();
    expect(large).toMatchObject({ row: 0, column: 0, columns: 112, rows: 56 });
    expect(small).toHaveLength(CAPTION.length);
    for (const { column, columns } of small) {
      expect(column).toBeGreaterThan(112);
      expect(column + columns).toBeLessThanOrEqual(200);
    }
  });

  test('another size: drawn anew', async () => {
    await open(testSource(CAPTION), kind);
    app.stdout.resize(40, 12);
    await app.settle();
    expect(app.pictures()).toEqual([expect.objectContaining({ row: 0, column: 0, columns: 12, rows: 6 })]);
  });

  test('no half block is sent, and nothing of another protocol', async () => {
    await open(testSource(CAPTION), kind, 200, 60);
    await app.press('g', 'n');
    const sent = app.stdout.frames.slice(
      kind === 'sixel' ? app.stdout.frames.findIndex((f) => f.includes('\u001bP')) : 0,
    );
    const text = sent.join('');
    expect(text).not.toContain('▀');
    const marks = { kitty: '\u001b_G', iterm: '\u001b]1337;', sixel: '\u001bP' };
    for (const [name, mark] of Object.entries(marks)) expect(text.includes(mark)).toBe(name === kind);
  });
});

test('kitty: a word further, only the large picture is sent', async () => {
  await open(testSource(CAPTION), 'kitty', 200, 60);
  const before = app.stdout.frames.length;
  await app.press(KEYS.right);
  const sent = app.stdout.frames.slice(before).join('');
  expect(sent.match(/\u001b_Ga=T/g)).toHaveLength(1);
  expect(app.pictures()).toHaveLength(1 + CAPTION.length);
});

test('kitty: nothing stays behind', async () => {
  await open(testSource(CAPTION), 'kitty', 200, 60);
  await app.press('q');
  app.close();
  expect(app.pictures()).toEqual([]);
});

describe('sixel', () => {
  test('until the terminal tells how large its cells are, half blocks', async () => {
    app = renderAttend(testSource(CAPTION), 80, 24, 'any', 'sixel');
    await app.settle();
    expect(app.stdout.frames.join('')).toContain('\u001b[16t');
    expect(app.terminal().text()).toMatch(/▀{20}/);
    expect(app.pictures()).toEqual([]);
    await app.press(ANSWER);
    expect(app.pictures()).toEqual([expect.objectContaining(LARGE)]);
    expect(app.terminal().text()).toContain('word         1 of 5');
  });

  test('after another size the cells may be of another size, too', async () => {
    await open(testSource(CAPTION), 'sixel');
    app.stdout.resize(80, 24);
    await app.settle();
    expect(app.stdout.frames.join('').match(/\u001b\[16t/g)).toHaveLength(2);
    await app.press('\u001b[6;10;5t');
    // Still 20 rows of 10 pixels.
    expect(await pixelsOf(app.pictures()[0]!)).toMatchObject({ width: 200, height: 200 });
  });

  test('the size of a cell outranks that of the window, whichever comes first', async () => {
    await open(testSource(CAPTION), 'sixel');
    await app.press('\u001b[?2;0;400;240S');
    expect(await pixelsOf(app.pictures()[0]!)).toMatchObject({ width: 400, height: 400 });
    app.close();
    app = renderAttend(testSource(CAPTION), 80, 24, 'any', 'sixel');
    await app.press('\u001b[?2;0;400;240S');
    expect(await pixelsOf(app.pictures()[0]!)).toMatchObject({ width: 200, height: 200 });
  });

  test('a picture of many pixels is drawn in larger ones', () => {
    const draw = mapDrawer(testSource(CAPTION), 'sixel', 'any', { width: 20, height: 40 });
    const drawing = draw(0, { method: 'cross', layer: 'mean', head: 'mean', opacity: 0.7 }, 56, 1);
    if (!('inline' in drawing)) throw new Error('no sixels');
    expect(drawing.inline).toMatch(/^\u001bP0;1q"1;1;2238;2238/); // six times 373, within 2240
  });
});

test('none: facts and the caption, and a table for the grid', async () => {
  await open(testSource(CAPTION), 'none');
  expect(app.terminal().text()).toMatchInlineSnapshot(`
    "a
    word         1 of 5
    probability  100 % ██████████

    method       cross
    layer        mean of 0-2
    head         mean of 0-1

    peak         x 0.13  y 0.13
    entropy      1.00 of 2.77 nats

    photo.png
    test on cpu








    [a] dog  on  a  sofa
    ←→ word  ↑↓ layer  g all  m method  n head  +- opacity  w save  ? keys  q quit"
  `);
  await app.press(KEYS.right, 'g');
  expect(app.terminal().text()).toMatchInlineSnapshot(`
    " word    %  peak x     y  entropy
     a     100    0.13  0.13     1.00
    [dog    50    0.38  0.38     1.00]
     on     33    0.63  0.63     1.00
     a      25    0.88  0.88     1.00
     sofa   20    0.13  0.13     1.00















     a [dog] on  a  sofa
    ←→ word  ↑↓ layer  g one  m method  n head  +- opacity  w save  ? keys  q quit"
  `);
  expect(app.stdout.frames.join('')).not.toMatch(/▀|\u001b_G|\u001b\]|\u001bP/);
});
