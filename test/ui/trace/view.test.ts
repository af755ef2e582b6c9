import { afterEach, describe, expect, test } from 'vitest';
import type { Colors } from '../../../src/ui/terminal.js';
import { commandOf, KEY_HELP } from '../../../src/ui/trace/keys.js';
import { traceView } from '../../../src/ui/trace/show.js';
import type { TraceSource } from '../../../src/ui/trace/source.js';
import { staticText } from '../../../src/ui/trace/stage.js';
import { initialState } from '../../../src/ui/trace/state.js';
import { KEYS } from '../../support/keys.js';
import { renderView } from '../../support/render-view.js';

const WORDS = ['a', 'dog', 'on', 'a', 'sofa'];

/** Word w comes back at patch w, at image token w, and at the row before it; the first word nowhere. */
function source(words: readonly string[] = WORDS): TraceSource {
  const grid = 4;
  const sites = [
    ...['vision.0', 'vision.1'].map((site) => ({ site, places: 'patches' as const })),
    { site: 'image', places: 'image tokens' as const },
    ...['cross.0', 'cross.1'].map((site) => ({ site, places: 'rows' as const })),
  ];
  const counts = { patches: grid * grid, 'image tokens': 33, rows: words.length + 1 };
  return {
    from: 'a.png',
    to: 'b.png',
    model: 'test on cpu',
    words: words.map((text) => ({ text, probability: 0.9 })),
    under: words.map(() => 0.05),
    tokens: ['<start>', ...words],
    predictedAt: words.map((_, i) => [i]),
    sites,
    picture: { size: 8, rgb: Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => (i * 37) % 256) },
    grid,
    restored(word, site) {
      if (word === 0) return null;
      const count = counts[sites[site]!.places];
      return Array.from({ length: count }, (_, i) => (i === word % count ? 0.5 + site / 10 : -0.01));
    },
    mapOf(word) {
      const map = new Float32Array(grid * grid).fill(0.01);
      map[word % map.length] = 0.85;
      return { map, peak: { x: 0.375, y: 0.125 }, entropy: 1, isFlat: false };
    },
    bestSite: () => 0,
    grow: async () => undefined,
  };
}

let app: ReturnType<typeof open>;
afterEach(() => app?.close());

function open(columns: number, rows: number, colors: Colors = 'none', of = source()) {
  return renderView(traceView(of, initialState(1, 0), 'blocks'), columns, rows, colors);
}

describe('frames', () => {
  test('80 x 24 without colours: the map over B, the layers, the caption', async () => {
    app = open(80, 24);
    await app.settle();
    const text = app.terminal().text();
    expect(text).toContain('dog');
    expect(text).toMatch(/under A 90 % +under B 5 %/);
    expect(text).toMatch(/> vision\.0 +0\.50 █/);
    expect(text).toMatch(/ {2}cross\.1 +0\.90 █/);
    expect(text).toContain('most around x 0.38 y 0.13');
    expect(text).toContain('[dog]');
    expect(text).toMatch(/←→ word {2}↑↓ layer {2}\? keys {2}q quit$/);
  });

  test('rows of the caption are a table; those that predict the word are marked', async () => {
    app = open(80, 24);
    await app.press(KEYS.up);
    const lines = app.terminal().lines();
    expect(lines[0]).toMatch(/^read +cross\.0 +>cross\.1/);
    expect(lines[1]).toMatch(/^ {2}0 <start> +-0\.01 +-0\.01/);
    expect(lines[2]).toMatch(/^> 1 a +0\.80 +0\.90/);
    expect(app.terminal().text()).toContain('most at 1: "a"');
  });

  test('image tokens are listed by what they bring back', async () => {
    app = open(120, 40);
    await app.press(KEYS.down, KEYS.down);
    expect(app.terminal().lines()[1]).toMatch(/^ +1 +0\.70 █/);
    expect(app.terminal().text()).toContain('most at image token 1 of 33');
  });

  test('a word that both pictures make as likely has nothing to bring back', async () => {
    app = open(80, 24);
    await app.press(KEYS.left);
    expect(app.terminal().text()).toContain('nothing to bring back');
  });

  const SIZES = [
    [80, 24],
    [120, 40],
    [200, 60],
    [40, 12],
    [20, 5],
  ] as const;
  test.each(SIZES)('%i x %i: everything is inside the screen, whatever is shown', async (columns, rows) => {
    const long = source(Array.from({ length: 40 }, (_, i) => `word${i}`));
    for (const colors of ['none', '16', '256', 'any'] as const) {
      app = open(columns, rows, colors, long);
      await app.settle();
      for (const key of ['', KEYS.down, KEYS.down, KEYS.down, '?']) {
        if (key) await app.press(key);
        const lines = app.terminal().lines();
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
      }
      await app.close();
    }
    app = open(columns, rows);
  });
});

describe('while it is made', () => {
  /** The same, of which nothing is known but what `grown` has; `more` finds the next site. */
  function growingSource() {
    const whole = source();
    const grown = new Set<number>();
    let onLayer = () => {};
    const of: TraceSource = {
      ...whole,
      restored: (word, site) => (grown.has(site) ? whole.restored(word, site) : undefined),
      bestSite: () => Math.max(0, ...[...grown].filter((site) => whole.sites[site]!.places === 'patches')),
      grow: (signal, told) => {
        onLayer = told;
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('stopped')));
        });
      },
    };
    return {
      of,
      more(site: number) {
        grown.add(site);
        onLayer();
      },
    };
  }

  test('the words are there at once, layers as they are known; the best of them is shown until a key chooses', async () => {
    const { of, more } = growingSource();
    app = open(80, 24, 'none', of);
    const first = await app.until(/> vision\.0 +…/);
    expect(first).toMatch(/under A 90 % +under B 5 %/);
    expect(first).toContain('not traced yet');
    more(4);
    await app.until(/> vision\.0 +…[\s\S]* {2}cross\.1 +0\.90/);
    more(1);
    await app.until(/> vision\.1 +0\.60/);
    await app.press(KEYS.up);
    await app.until(/> vision\.0 +…/);
    more(2);
    await app.until(/> vision\.0 +…[\s\S]* {2}image +0\.70/);
  });

  test('leaving stops it', async () => {
    const { of } = growingSource();
    app = open(80, 24, 'none', of);
    await app.press('q');
    expect(await app.left).toBe('quit');
  });
});

describe('keys', () => {
  test('walk through words and layers, around', async () => {
    app = open(80, 24);
    await app.press(KEYS.down, KEYS.right);
    expect(app.terminal().text()).toMatch(/> vision\.1/);
    expect(app.terminal().text()).toContain('[on]');
    await app.press('k', 'k', 'h', 'h', 'h');
    expect(app.terminal().text()).toMatch(/> cross\.1/);
    expect(app.terminal().text()).toContain('[sofa]');
  });

  test('? lists them, Esc goes back, and once more leaves; Ctrl-C interrupts', async () => {
    app = open(80, 24);
    await app.press('?');
    expect(app.terminal().text()).toContain('layer before, layer after');
    await app.press(KEYS.escape, KEYS.escape);
    expect(await app.left).toBe('quit');
    app = open(80, 24);
    await app.press('\u0003');
    expect(await app.left).toBe('interrupt');
  });

  test('every letter that does something is in the help', () => {
    const listed = KEY_HELP.map(([keys]) => keys).join(' ');
    for (let code = 33; code < 127; code++) {
      const letter = String.fromCharCode(code);
      if (commandOf(letter, {}, false)) expect(listed).toContain(letter);
    }
  });
});

test('printed: the layers, and the positions of the caption', () => {
  const text = staticText(source(), { word: 1, site: 0 }, 80, 'none');
  expect(text).toMatch(/> vision\.0 +0\.50/);
  expect(text).toMatch(/> 1 a +0\.80 +0\.90/);
});
