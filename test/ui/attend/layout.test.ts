import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gridTiles, tileLines, tilingOf } from '../../../src/ui/attend/grid.js';
import { layoutOf } from '../../../src/ui/attend/layout.js';
import { stageOf } from '../../../src/ui/attend/stage.js';
import { initialState } from '../../../src/ui/attend/state.js';
import { staticLines } from '../../../src/ui/attend/static.js';
import { captionLines, percent } from '../../../src/ui/attend/words.js';
import { truncate, widthOf } from '../../../src/ui/layout.js';
import { testSource } from './source.js';

const COLORS = ['none', '16', '256', 'any'] as const;
const START = initialState({ method: 'cross', layer: 'mean', head: 'mean' }, 0);

test('80 x 24 and 200 x 60 have pictures as large as the screen lets them', () => {
  const words = testSource(['a', 'dog']).words;
  expect(layoutOf(80, 24, words, 'any')).toMatchObject({ height: 23, pictureRows: 20, arrangement: 'beside' });
  expect(layoutOf(200, 60, words, 'any')).toMatchObject({ height: 59, pictureRows: 56, arrangement: 'beside' });
  expect(layoutOf(40, 60, words, 'any')).toMatchObject({ pictureRows: 20, arrangement: 'below' });
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
    isGrid: fc.boolean(),
    isHelp: fc.boolean(),
    word: fc.nat(),
  });
  fc.assert(
    fc.property(screens, ({ columns, rows, words, colors, isGrid, isHelp, word }) => {
      const source = testSource(words);
      const state = { ...START, isGrid, isHelp, word: word % words.length };
      const layout = layoutOf(columns, rows, source.words, colors);
      const stage = stageOf(source, state, layout, colors);
      const caption = captionLines(source.words, state.word, columns, layout.captionRows, colors);
      expect(stage.lines.length + caption.length + (layout.hasKeys ? 1 : 0)).toBeLessThanOrEqual(layout.height);
      for (const line of [...stage.lines, ...caption]) expect(widthOf(line)).toBeLessThanOrEqual(columns);
      for (const { row, column, lines } of stage.paintings) {
        expect(row + lines.length).toBeLessThanOrEqual(layout.stageRows);
        for (const line of lines) expect(column + widthOf(line)).toBeLessThanOrEqual(columns);
      }
      // The current word can be seen, unless there is not even room for its brackets.
      if (columns > 3) expect(caption.join('\n')).toMatch(/\[/);
    }),
    { numRuns: 60 },
  );
});

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

  test('more than fit come in pages, the current word on one of them', () => {
    const source = testSource(Array.from({ length: 20 }, (_, i) => `w${i}`));
    const tiles = gridTiles(source, START, 17, { columns: 20, rows: 6, colors: 'none' });
    expect(tiles.map(({ word }) => word)).toEqual([16, 17, 18, 19]);
    expect(tileLines(tiles)[0]).toBe(' w16 6  [w17 6]');
  });

  test('no room at all: no tiles', () => {
    expect(gridTiles(testSource(['a']), START, 0, { columns: 3, rows: 2, colors: 'none' })).toEqual([]);
  });
});

test('where no keys can be read: all maps and a table', () => {
  const lines = staticLines(testSource(['a', 'dog']), START, undefined, { columns: 40, rows: 12, colors: 'none' });
  expect(lines.join('\n')).toMatchInlineSnapshot(`
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
    cross · layer mean · head mean · test on cpu"
  `);
  const one = staticLines(testSource(['a', 'dog']), START, 1, { columns: 40, rows: 12, colors: 'none' });
  expect(one.join('\n')).not.toMatch(/^ *a /m);
});
