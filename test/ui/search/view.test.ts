import { afterEach, describe, expect, test } from 'vitest';
import { foundLines, searchTiling } from '../../../src/ui/search/grid.js';
import { commandOf, KEY_HELP } from '../../../src/ui/search/keys.js';
import { searchView } from '../../../src/ui/search/show.js';
import { markWords, type SearchSource } from '../../../src/ui/search/source.js';
import { initialState, reduce } from '../../../src/ui/search/state.js';
import type { Colors } from '../../../src/ui/terminal.js';
import { KEYS } from '../../support/keys.js';
import { renderView } from '../../support/render-view.js';

const opened: number[] = [];

function source(count: number): SearchSource {
  return {
    query: 'a dog',
    pictures: Array.from({ length: count }, (_, i) => ({
      name: `photos/${i + 1}.jpg`,
      score: (0.9 - i / 100).toFixed(3),
      caption: markWords('two dogs on a sofa', 'a dog'),
    })),
    thumbnail: async (at) => (at === 1 ? undefined : { size: 4, rgb: new Uint8Array(48).fill(40 * at) }),
    async openFile(at) {
      opened.push(at);
      return 'opened by a program';
    },
  };
}

let app: ReturnType<typeof open>;
afterEach(() => app?.close());

function open(count: number, columns = 80, rows = 24, kind: 'blocks' | 'none' = 'blocks', colors: Colors = 'none') {
  return renderView(searchView(source(count), kind), columns, rows, colors);
}

describe('frames', () => {
  test('a grid with scores, the name and caption of the current picture', async () => {
    app = open(6);
    const text = await app.until(/\[1 0\.900\]/);
    expect(text).toContain(' 6 0.850');
    expect(text).toContain('0.900  photos/1.jpg');
    expect(text).toContain('two dogs on a sofa');
    expect(text).toMatch(/←→↑↓ picture {2}Enter session {2}o open file {2}\? keys {2}q quit$/);
    await app.press(KEYS.right);
    expect(app.terminal().text()).toMatch(/\[2 0\.890\]/);
    await app.press('?');
    for (const [keys] of KEY_HELP) expect(app.terminal().text()).toContain(keys);
    await app.press('?', 'o');
    expect(opened.pop()).toBe(1);
    expect(app.terminal().text()).toContain('opened by a program');
  });

  test('without pictures a list', async () => {
    app = open(40, 60, 12, 'none');
    await app.press(KEYS.end);
    expect(app.terminal().text()).toMatch(/> 40 0\.510 photos\/40\.jpg/);
  });

  test.each([
    [10, 3],
    [20, 6],
    [200, 60],
  ])('fits %i x %i', async (columns, rows) => {
    app = open(20, columns, rows);
    await app.settle();
    const lines = app.terminal().lines();
    expect(lines.length).toBeLessThanOrEqual(rows);
    await app.press(KEYS.down, KEYS.right, 'q');
    expect(await app.left).toBe('quit');
  });

  test('Enter leaves with the picture', async () => {
    app = open(6);
    await app.press(KEYS.right, KEYS.right, KEYS.enter);
    expect(await app.left).toEqual({ chosen: 2 });
  });
});

test('a walk ends at the first and at the last', () => {
  const walk = (...steps: number[]) =>
    steps.reduce((state, by) => reduce(state, { type: 'move', by }, 5), initialState).at;
  expect([walk(-1), walk(2, 2, 2), walk(3, -1)]).toEqual([0, 4, 2]);
  expect(commandOf('', { downArrow: true }, false, { perRow: 4, perPage: 8 })).toEqual({ type: 'move', by: 4 });
  expect(commandOf('', { pageDown: true }, false, { perRow: 4, perPage: 8 })).toEqual({ type: 'move', by: 8 });
});

test('thumbnails are not smaller than can be made out: more of them make pages', () => {
  for (const count of [1, 6, 20, 1000]) {
    expect(searchTiling(count, 80, 20).pictureRows).toBeGreaterThanOrEqual(5);
  }
});

test('words of the query are marked in captions, in another ending too', () => {
  const found = (caption: string, query: string) =>
    markWords(caption, query)
      .filter(({ isFound }) => isFound)
      .map(({ text }) => text);
  expect(found('Two dogs, a dogma and a cat', 'dog')).toEqual(['dogs', 'dogma']);
  expect(found('a dog in a car', 'a')).toEqual(['a', 'a']);
  expect(found('ein Hündchen', 'hündchen')).toEqual(['Hündchen']);
  expect(markWords('a dog', 'cat')).toEqual([{ text: 'a dog', isFound: false }]);
  const texts = markWords('two dogs run', 'dog runs').map(({ text }) => text);
  expect(texts.join('')).toBe('two dogs run');
  expect(foundLines([{ name: 'a\u001b]52;x.jpg', score: '0.5', caption: undefined }], 80, 'none')[0]).not.toContain(
    '\u001b',
  );
});
