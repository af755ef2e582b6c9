import { afterEach, describe, expect, test } from 'vitest';
import type { MapChoice } from '../../../src/model/attention/index.js';
import type { AttendSource } from '../../../src/ui/attend/source.js';
import type { Colors } from '../../../src/ui/terminal.js';
import { KEYS } from '../../support/keys.js';
import { renderAttend } from './render.js';
import { testSource } from './source.js';

const CAPTION = ['a', 'dog', 'on', 'a', 'sofa'];

let app: ReturnType<typeof renderAttend>;
afterEach(() => app.close());

async function open(source: AttendSource, columns: number, rows: number, colors?: Colors) {
  app = renderAttend(source, columns, rows, colors);
  await app.settle();
  return app;
}

describe('frames', () => {
  /** Its first word looks everywhere alike; the others as ever. */
  const withFlatWord = (): AttendSource => {
    const source = testSource(CAPTION);
    const flat = {
      map: new Float32Array(16).fill(1 / 16),
      peak: { x: 0.125, y: 0.125 },
      entropy: Math.log(16),
      isFlat: true,
    };
    return { ...source, mapOf: (word, choice) => (word === 0 ? flat : source.mapOf(word, choice)) };
  };

  test.each([
    [80, 24],
    [120, 40],
    [200, 60],
  ])('%i x %i: a flat map says so, and the picture has neither a map nor a peak', async (columns, rows) => {
    for (const colors of ['none', '256', 'any'] as const) {
      await open(withFlatWord(), columns, rows, colors);
      const flat = app.terminal();
      expect(flat.text()).toMatch(/peak +none: flat map/);
      const large = (text: string) =>
        text
          .split('\n')
          .slice(0, 10)
          .map((line) => line.slice(0, 20))
          .join('\n');
      expect(large(flat.text())).not.toContain('+');
      await app.press('+', '+', '+');
      expect(app.terminal().text()).toContain('picture alone');
      expect(large(app.terminal().text())).toBe(large(flat.text()));
      for (let row = 0; row < 10; row++) expect(app.terminal().cell(row, 7)).toEqual(flat.cell(row, 7));
      await app.press(KEYS.right, '+');
      expect(app.terminal().text()).toMatch(/peak \+ +x 0\.38/);
      await app.close();
    }
    await open(withFlatWord(), columns, rows);
  });

  test('80 x 24 without colours: density for the map, numbers for probabilities, brackets for the word', async () => {
    await open(testSource(CAPTION), 80, 24);
    await app.press(KEYS.right);
    expect(app.terminal().text()).toMatchInlineSnapshot(`
      "......................................  dog
      ......................................  word         2 of 5
      ......................................  probability  50 % █████
      ......................................
      .........░░░░▒▒▒░░░...................  method       cross
      ........░░▒▒▓▓▓▓▓▒▒░░.................  layer        mean of 0-2
      .......░░▒▓▓█████▓▒▒░.................  head         mean of 0-1
      .......░░▒▓▓██+██▓▒▒░.................  opacity      50 %
      ........░▒▒▓▓▓▓▓▓▒▒░░.................
      .........░░▒▒▒▒▒▒░░░..................  peak +       x 0.38  y 0.38
      .............░░░......................  entropy      1.00 of 2.77 nats
      ......................................  low to high  ..░░▒▒▓▓██
      ......................................
      ......................................  photo.png
      ......................................  test on cpu
      ......................................
      ......................................
      ......................................
      ......................................

       a   [dog] on  a   sofa
       100  50   33  25  20
      ←→ word  ↑↓ layer  g all  m method  n head  +- opacity  w save  ? keys  q quit"
    `);
  });

  test('40 x 12: everything in its short form', async () => {
    await open(testSource(CAPTION), 40, 12);
    expect(app.terminal().text()).toMatchInlineSnapshot(`
      "█+▓░........  a 100 % (1/5)
      ▒▒░.........  cross layer mean head mean
      ............  peak x 0.13 y 0.13
      ............  entropy 1.00 of 2.77 nats
      ............  opacity 50 %
      ............


      [a  ] dog  on  a   sofa
       100  50   33  25  20
      ←→ word  ↑↓ layer  g all  ? keys  q quit"
    `);
  });

  test('200 x 60: the maps of all words beside the large one', async () => {
    await open(testSource(CAPTION), 200, 60, 'any');
    const terminal = app.terminal();
    const lines = terminal.lines();
    expect(lines[0]).toMatch(/^▀+ {2}a$/);
    expect(lines[0]!.lastIndexOf('▀')).toBe(2 * 56 - 1);
    expect(lines.join('\n')).toMatch(/\[a 100\] .*dog 50 .*on 33/);
    expect(lines.filter((line) => line.slice(114).includes('▀')).length).toBeGreaterThan(24);
    expect(lines.at(-3)).toBe('[a] dog  on  a  sofa');
    expect(terminal.cell(0, 0).style).toMatch(/ 38;2;\d+;\d+;\d+ 48;2;\d+;\d+;\d+ $/);
  });

  test('a frame never is as high as the terminal, and scrolls nothing, whatever the size', async () => {
    const source = testSource(Array.from({ length: 70 }, (_, i) => `word${i}`));
    for (const [columns, rows] of [
      [10, 3],
      [1, 1],
      [20, 5],
      [30, 50],
      [40, 6],
      [300, 16],
      [79, 23],
    ] as const) {
      for (const colors of ['none', '16', '256', 'any'] as const) {
        await open(source, columns, rows, colors);
        await app.press('g');
        for (const frame of app.stdout.frames)
          expect(frame.split('\n').length).toBeLessThanOrEqual(Math.max(1, rows - 1));
        expect(app.terminal().scrolled).toBe(0);
        app.close();
      }
    }
  });

  test('no room for a picture: the words and their facts', async () => {
    await open(testSource(CAPTION), 20, 5);
    await app.press(KEYS.right);
    expect(app.terminal().text()).toMatch(/^dog 50 % \(2\/5\)\ncross layer mean he…\n/);
    expect(app.terminal().text()).toContain('[dog]');
  });

  test('colours where the terminal has them: the map is half blocks, and its peak is marked', async () => {
    await open(testSource(CAPTION), 80, 24, 'any');
    const at = app.terminal().text().indexOf('+');
    expect(at).toBeGreaterThan(0);
    const before = app.terminal().cell(2, 4).style;
    await app.press(KEYS.right);
    expect(app.terminal().cell(2, 4).style).not.toBe(before);
  });

  test('a caption of 70 words shows the rows around the current one', async () => {
    await open(testSource(Array.from({ length: 70 }, (_, i) => `word${i}`)), 80, 24);
    expect(app.terminal().text()).toContain('[word0]');
    await app.press(...Array(40).fill(KEYS.right));
    expect(app.terminal().text()).toContain('[word40]');
    expect(app.terminal().text()).not.toContain(' word0 ');
    await app.press(KEYS.left.repeat(1), 'g');
    expect(app.terminal().text()).toContain('[word39]');
  });

  test('a caption of one word', async () => {
    await open(testSource(['dog']), 80, 24);
    await app.press(KEYS.right, 'g');
    expect(app.terminal().text()).toContain('[dog 100]');
  });
});

describe('keys', () => {
  test('layer, head, method and opacity show in the panel', async () => {
    await open(testSource(CAPTION), 80, 24);
    await app.press(KEYS.up, 'n', 'm', '+');
    const text = app.terminal().text();
    expect(text).toMatch(/method +rollout/);
    expect(text).toMatch(/layer +last of 0-2/);
    expect(text).toMatch(/head +0 of 0-1/);
    expect(text).toMatch(/opacity +70 %/);
  });

  test('in the grid, where no text changes, a new layer still is painted', async () => {
    await open(testSource(CAPTION), 80, 24, 'any');
    await app.press('g');
    const before = app.stdout.frames.length;
    await app.press('+');
    expect(app.stdout.frames.length).toBeGreaterThan(before);
    expect(app.stdout.frames.at(-1)).toContain('▀');
  });

  test('? lists the keys, Esc goes back, and once more leaves', async () => {
    await open(testSource(CAPTION), 80, 24);
    await app.press('?');
    expect(app.terminal().text()).toContain('all words at once');
    await app.press(KEYS.escape);
    expect(app.terminal().text()).not.toContain('all words at once');
    await app.press(KEYS.escape);
    expect(await app.left).toBe('quit');
  });

  test('keys that arrive together all count', async () => {
    await open(testSource(CAPTION), 80, 24);
    await app.press('nnm');
    expect(app.terminal().text()).toMatch(/method +rollout/);
    expect(app.terminal().text()).toMatch(/head +1 of 0-1/);
  });

  test('m: occlusion is computed when it comes to that, while other keys go on, and shown when it is there', async () => {
    let tell: ((part: number) => void) | undefined;
    let done: (() => void) | undefined;
    let count = 0;
    const source: AttendSource = {
      ...testSource(CAPTION),
      methods: ['cross', 'occlusion'],
      later: ['occlusion'],
      compute: (_, onProgress) => {
        count++;
        tell = onProgress;
        return new Promise((resolve) => {
          done = resolve;
        });
      },
    };
    await open(source, 80, 24);
    await app.press('m');
    tell!(0.25);
    await app.press(KEYS.right);
    expect(app.terminal().text()).toContain('occlusion: 25 %');
    expect(app.terminal().text()).toMatch(/method +cross/);
    expect(app.terminal().text()).toContain('[dog]');
    done!();
    await app.settle();
    expect(app.terminal().text()).toMatch(/method +occlusion/);
    expect(app.terminal().text()).not.toMatch(/layer +|head +/);
    await app.press('m', 'm');
    expect(app.terminal().text()).toMatch(/method +occlusion/);
    expect(count).toBe(1);
  });

  test('t: what the word owes to those before it, in figures and bars; t again, and g, go back', async () => {
    await open(testSource(CAPTION), 80, 24);
    await app.press('t');
    expect(app.terminal().text()).toContain('it is the first');
    await app.press(KEYS.right, KEYS.right);
    const lines = app.terminal().lines();
    expect(lines[0]).toBe('what "on" owes to the words before it');
    expect(lines[2]).toMatch(/^a +0\.50 █+.?$/);
    expect(lines[3]).toMatch(/^dog +1\.50 █+.?$/);
    expect(lines[3]!.length).toBeGreaterThan(lines[2]!.length);
    expect(app.terminal().text()).toContain('fall of log p in nats');
    await app.press('t');
    expect(app.terminal().text()).toMatch(/method +cross/);
    await app.press('t', 'g');
    expect(app.terminal().text()).not.toContain('owes');
  });

  test('t waits until that is computed', async () => {
    let done: (() => void) | undefined;
    const compute = () =>
      new Promise<void>((resolve) => {
        done = resolve;
      });
    await open({ ...testSource(CAPTION), later: ['words'], compute }, 80, 24);
    await app.press('t');
    expect(app.terminal().text()).toContain('leaving out words: 0 %');
    done!();
    await app.settle();
    expect(app.terminal().text()).toContain('owes to the words before it');
  });

  describe('f: what the word owes to the picture', () => {
    const figures = { logprob: -0.69, without: -4.5, gain: 3.81, drop: -0.25, mass: 0.652, similarity: 0.02 };
    /** Computed when the test says so; its last word is a special token. */
    const later = (grounded: number | null) => {
      let done: (() => void) | undefined;
      const asked: string[] = [];
      const source: AttendSource = {
        ...testSource(CAPTION),
        later: ['grounding'],
        compute: (what, onProgress) => {
          asked.push(what);
          onProgress(0.4);
          return new Promise((resolve) => {
            done = resolve;
          });
        },
        groundingOf: (index) => {
          if (index === CAPTION.length - 1) return undefined;
          const word = { text: CAPTION[index]!, logprob: -0.69, positions: [index + 1], special: false };
          return { word, ...figures, grounded };
        },
      };
      return { source, asked, done: () => done!() };
    };

    test.each([
      [80, 24, 'none'],
      [80, 24, 'any'],
      [120, 40, 'none'],
      [120, 40, 'any'],
      [200, 60, 'any'],
    ] as const)('%i x %i, colours %s: in the panel, with all that was there before', async (columns, rows, colors) => {
      const { source, asked, done } = later(0.97);
      await open(source, columns, rows, colors);
      await app.press(KEYS.right);
      expect(app.terminal().text()).toMatch(/grounded +f: computes it/);
      expect(asked).toEqual([]);
      await app.press('f');
      expect(app.terminal().text()).toContain('what each word owes to the picture: 40 %');
      await app.press('n');
      expect(app.terminal().text()).toMatch(/head +0 of 0-1/);
      done();
      await app.settle();
      const text = app.terminal().text();
      expect(text).toMatch(/grounded +97 % █+\S?\n/);
      expect(text).toMatch(/without +-4\.50 nats/);
      expect(text).toMatch(/gain, drop +\+3\.81 {2}-0\.25/);
      expect(text).toMatch(/mass, sim\. +65 % {2}\+0\.02/);
      for (const fact of [/probability +50 %/, /opacity +50 %/, /entropy +1\.00/, /test on cpu/])
        expect(text).toMatch(fact);
      await app.press(KEYS.end, 'f');
      expect(app.terminal().text()).not.toMatch(/grounded|gain/);
      expect(asked).toEqual(['grounding']);
    });

    test('40 x 12: in a line; a model without a calibration says so; the grid makes room for it', async () => {
      const { source, done } = later(null);
      await open(source, 40, 12);
      await app.press('g', 'f');
      done();
      await app.settle();
      expect(app.terminal().lines()[1]).toMatch(/ not calibrated gain \+3/);
      app.stdout.resize(80, 24);
      await app.settle();
      expect(app.terminal().text()).toMatch(/grounded +not calibrated/);
    });
  });

  test('of 70 words those are shown that matter most, in any size', async () => {
    for (const [columns, rows] of [
      [80, 24],
      [20, 6],
      [200, 60],
    ] as const) {
      await open(testSource(Array.from({ length: 70 }, (_, i) => `word${i}`)), columns, rows);
      await app.press(KEYS.end, 't');
      const lines = app.terminal().lines();
      expect(lines.length).toBeLessThanOrEqual(rows);
      expect(lines.join('\n')).toContain('word68');
      await app.close();
    }
    await open(testSource(CAPTION), 80, 24);
  });

  test('what is computed ends with the view', async () => {
    let ended: AbortSignal | undefined;
    const compute = (_what: string, _tell: unknown, signal: AbortSignal) => {
      ended = signal;
      return new Promise<void>(() => undefined);
    };
    await open({ ...testSource(CAPTION), methods: ['cross', 'occlusion'], later: ['occlusion'], compute }, 80, 24);
    await app.press('m', 'q');
    expect(await app.left).toBe('quit');
    await app.settle();
    expect(ended!.aborted).toBe(true);
  });

  test('s saves what is shown and says where', async () => {
    const saves: MapChoice[] = [];
    await open(testSource(CAPTION, saves), 80, 24);
    await app.press(KEYS.down, 's');
    expect(saves).toEqual([expect.objectContaining({ layer: 2, method: 'cross' })]);
    expect(app.terminal().text()).toContain('saved somewhere');
    await app.press(KEYS.right);
    expect(app.terminal().text()).not.toContain('saved somewhere');
  });

  test('a failed save is said, with what it names made visible', async () => {
    const source = { ...testSource(CAPTION), save: () => Promise.reject(new Error('no\u001b[2J disk')) };
    await open(source, 80, 24);
    await app.press('s');
    expect(app.terminal().text()).toContain('no\\x1b[2J disk');
  });

  test('q quits, Ctrl-C interrupts', async () => {
    await open(testSource(CAPTION), 80, 24);
    await app.press('q');
    expect(await app.left).toBe('quit');
    await open(testSource(CAPTION), 80, 24);
    await app.press('\u0003');
    expect(await app.left).toBe('interrupt');
  });

  test('another size is another frame', async () => {
    await open(testSource(CAPTION), 80, 24);
    app.stdout.resize(40, 12);
    await app.settle();
    expect(app.terminal().lines()).toHaveLength(12);
    expect(app.terminal().text()).toMatch(/peak x 0\.13 y 0\.13/);
  });
});

describe('frames of a clip', () => {
  /** Two frames: of word w, the map of the second peaks at the patch below. */
  const clip = (): AttendSource => {
    const base = testSource(CAPTION);
    const at = (frame: number): AttendSource => ({
      ...base,
      methods: ['cross', 'rollout'],
      frameOf: () => ({ frame: `${3 * frame + 1} at ${frame}.50 s`, of: 2, share: frame === 0 ? 0.25 : 0.75 }),
      mapOf(word, choice) {
        const found = base.mapOf(word, choice);
        return frame === 0 ? found : { ...found, peak: { x: found.peak.x, y: 0.875 } };
      },
    });
    const frames = [at(0), at(1)];
    return { ...frames[0]!, frames };
  };

  test('[ and ] walk through them, around', async () => {
    await open(clip(), 80, 24);
    const text = () => app.terminal().text();
    expect(text()).toMatch(/frame +1 at 0.50 s: 25 %/);
    // Spread evenly over both frames it would be ln 32.
    expect(text()).toMatch(/entropy +1.00 of 3.47 nats/);
    await app.press(']');
    expect(text()).toMatch(/frame +4 at 1.50 s: 75 %/);
    expect(text()).toMatch(/peak \+ +x 0.13 +y 0.88/);
    await app.press(KEYS.right);
    expect(text()).toMatch(/frame +4 at 1.50 s/);
    await app.press(']');
    expect(text()).toMatch(/frame +1 at 0.50 s/);
    await app.press('[');
    expect(text()).toMatch(/frame +4 at 1.50 s/);
  });

  test.each(['E', 'X', 'f'])('%s is of pictures, and says so', async (key) => {
    await open(clip(), 80, 24);
    await app.press(key);
    expect(app.terminal().text()).toContain('this is asked of pictures');
  });

  test('a picture has none', async () => {
    await open(testSource(CAPTION), 80, 24);
    await app.press(']');
    expect(app.terminal().text()).toContain('a picture has no frames to walk through');
  });
});
