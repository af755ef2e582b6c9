import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mapDrawer } from '../../../src/ui/attend/draw.js';
import { gridTiles } from '../../../src/ui/attend/grid.js';
import { layoutOf } from '../../../src/ui/attend/layout.js';
import type { AttendSource } from '../../../src/ui/attend/source.js';
import { stageOf } from '../../../src/ui/attend/stage.js';
import { initialState } from '../../../src/ui/attend/state.js';
import { staticText } from '../../../src/ui/attend/static.js';
import { captionLines } from '../../../src/ui/attend/words.js';
import { percent } from '../../../src/ui/caption-view.js';
import { truncate, widthOf } from '../../../src/ui/layout.js';
import { labelLines, tilingOf } from '../../../src/ui/picture/tiles.js';
import type { Painting } from '../../../src/ui/view/screen.js';
import { CELL } from '../../support/terminal-pictures.js';
import { VirtualTerminal } from '../../support/virtual-terminal.js';
import { testSource } from './source.js';

const COLORS = ['none', '16', '256', 'any'] as const;
const START = initialState({ method: 'cross', layer: 'mean', head: 'mean' }, 0);

test('80 x 24 and 200 x 60 have pictures as large as the screen lets them', () => {
  const words = testSource(['a', 'dog']).words;
  const on = (columns: number, rows: number) => layoutOf({ columns, rows }, words, 'any', true);
  expect(on(80, 24)).toMatchObject({ height: 23, pictureRows: 20, arrangement: 'beside' });
  expect(on(200, 60)).toMatchObject({ height: 59, pictureRows: 56, arrangement: 'beside' });
  expect(on(40, 60)).toMatchObject({ pictureRows: 20, arrangement: 'below' });
  expect(layoutOf({ columns: 80, rows: 24 }, words, 'any', false)).toMatchObject({ pictureRows: 0, panelColumns: 80 });
});

test('whatever the size and the words, everything is inside the screen', () => {
  const screens = fc.record({
    columns: fc.integer({ min: 1, max: 220 }),
    rows: fc.integer({ min: 1, max: 70 }),
    words: fc.array(fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom('a', 'w', '狗', 'é') }), {
      minLength: 1,
      maxLength: 75,
    }),
    colors: fc.constantFrom(...COLORS),
    kind: fc.constantFrom('blocks', 'kitty', 'iterm', 'sixel', 'none'),
    isGrid: fc.boolean(),
    isHelp: fc.boolean(),
    word: fc.nat(),
  });
  fc.assert(
    fc.property(screens, ({ columns, rows, words, colors, kind, isGrid, isHelp, word }) => {
      const source = testSource(words);
      const state = { ...START, isGrid, isHelp, word: word % words.length };
      const layout = layoutOf({ columns, rows }, source.words, colors, kind !== 'none');
      const draw = kind === 'none' ? undefined : mapDrawer(source, kind, colors, CELL);
      const stage = stageOf(source, state, layout, colors, draw);
      const caption = captionLines(source.words, state.word, columns, layout.captionRows, colors);
      expect(stage.lines.length + caption.length + (layout.hasKeys ? 1 : 0)).toBeLessThanOrEqual(layout.height);
      for (const line of stage.lines) expect(stage.column + widthOf(line)).toBeLessThanOrEqual(columns);
      for (const line of caption) expect(widthOf(line)).toBeLessThanOrEqual(columns);
      for (const painting of stage.paintings) {
        const size = sizeOf(painting);
        expect(painting.row + size.rows).toBeLessThanOrEqual(layout.stageRows);
        expect(painting.column + size.columns).toBeLessThanOrEqual(columns);
      }
      // The current word can be seen, unless there is not even room for its brackets.
      if (columns > 3) expect(caption.join('\n')).toMatch(/\[/);
    }),
    { numRuns: 60 },
  );
});

/** The cells that a painting takes, by what a terminal makes of it. */
function sizeOf({ drawing }: Painting): { readonly rows: number; readonly columns: number } {
  if ('kitty' in drawing) return drawing.kitty;
  if ('cells' in drawing) return { rows: drawing.cells.length, columns: Math.max(...drawing.cells.map(widthOf)) };
  return new VirtualTerminal(300, 100).write(drawing.inline).pictures()[0]!;
}

describe('captionLines', () => {
  const { words } = testSource(['a', 'dog', 'on', 'a', 'sofa']);

  test('moving on moves nothing but the brackets', () => {
    const strip = (word: number) => captionLines(words, word, 30, 4, 'none').join('\n').replace(/[[\]]/g, ' ');
    expect(strip(3)).toBe(strip(0));
  });

  test('probabilities below the words, in percent', () => {
    expect(captionLines(words, 1, 30, 4, 'none')).toEqual([' a   [dog] on  a   sofa ', ' 100  50   33  25  20']);
  });

  test('too long a word is cut, visibly', () => {
    expect(captionLines([{ text: 'hippopotamus', probability: 1 }], 0, 8, 2, 'none')).toEqual(['[hippo…]', ' 100']);
  });
});

test('percent never says 0 of what is possible', () => {
  expect([1, 0.994, 0.006, 0.004, 0].map(percent)).toEqual(['100', '99', '1', '<1', '0']);
});

test('truncate counts columns, not characters', () => {
  expect(truncate('狗狗狗', 5)).toBe('狗狗…');
  expect(truncate('dog', 3)).toBe('dog');
  expect(truncate('dog', 0)).toBe('');
});

describe('grid', () => {
  test.each([
    [1, 80, 20],
    [7, 80, 20],
    [70, 80, 21],
    [12, 200, 55],
  ])('%i words in %i x %i are all there at once', (count, columns, rows) => {
    expect(tilingOf(count, columns, rows).perPage).toBeGreaterThanOrEqual(count);
  });

  const spaceFor = (source: AttendSource, columns: number, rows: number) => {
    return { columns, rows, colors: 'none', draw: mapDrawer(source, 'blocks', 'none', undefined) } as const;
  };

  test('more than fit come in pages, the current word on one of them', () => {
    const source = testSource(Array.from({ length: 20 }, (_, i) => `w${i}`));
    const tiles = gridTiles(source, START, 17, spaceFor(source, 20, 6));
    expect(labelLines(tiles).filter((line) => line !== '')).toEqual([
      ' w16 6  [w17 6]',
      expect.stringMatching(/w18.*w19/),
    ]);
  });

  test('no room at all: no tiles', () => {
    const source = testSource(['a']);
    expect(gridTiles(source, START, 0, spaceFor(source, 3, 2))).toEqual([]);
  });
});

describe('where no keys can be read', () => {
  const terminal = { columns: 40, rows: 12, colors: 'none' } as const;
  const words = testSource(['a', 'dog']);
  const drawn = (kind: 'blocks' | 'kitty' | 'iterm', only?: number) =>
    staticText(words, START, only, terminal, (source) => mapDrawer(source, kind, 'none', undefined));

  test('all maps and a table', () => {
    expect(drawn('blocks')).toMatchInlineSnapshot(`
      " a 100              dog 50           
      ████▒............. ..................
      ██+▓▒............. ..................
      ░░░░.............. ....░▒▓▓▒░........
      .................. ....▒▓+█▓░........
      .................. ....░▒▒▒░.........
      .................. ..................
      .................. ..................
      .................. ..................
      .................. ..................

      word    %  peak x     y  entropy
      a     100    0.13  0.13     1.00
      dog    50    0.38  0.38     1.00
      cross · layer mean · head mean · test on
      cpu
      "
    `);
    expect(drawn('blocks', 1)).not.toMatch(/^ *a /m);
  });

  test('pictures go where cells would, also where the screen has scrolled', () => {
    const expected = drawn('blocks').split('\n');
    for (const kind of ['kitty', 'iterm'] as const) {
      const screen = new VirtualTerminal(40, 40).write('\n'.repeat(39)).write(drawn(kind));
      // The text ends on the line before the last; the labels are on the first of it.
      const top = 40 - expected.length;
      expect(screen.lines()[top]).toBe(expected[0]!.trimEnd());
      expect(screen.lines().slice(-5)).toEqual(expected.slice(-5).map((line) => line.trimEnd()));
      expect(screen.pictures()).toEqual([
        expect.objectContaining({ row: top + 1, column: 0, columns: 18, rows: 9 }),
        expect.objectContaining({ row: top + 1, column: 19, columns: 18, rows: 9 }),
      ]);
    }
  });

  test('without pictures there is the table', () => {
    const text = staticText(words, START, undefined, terminal, undefined);
    expect(text).toBe(drawn('blocks').slice(-text.length));
    expect(text).toMatch(/^word +%/);
  });
});
