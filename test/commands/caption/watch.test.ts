import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CommandContext } from '../../../src/cli/command.js';
import { watchedSearch } from '../../../src/commands/caption/watch.js';
import { type DecodingOptions, decode, decodingOptions, type SearchState } from '../../../src/model/decoding/index.js';
import { loadPicture } from '../../../src/model/image/load-picture.js';
import { type LoadedCoca, loadCoca } from '../../../src/model/store/load.js';
import { initialState, reduce } from '../../../src/ui/watch/state.js';
import { hashModel, start } from '../../model/decoding/hash-model.js';
import { coca } from '../../support/cli.js';
import { fixture } from '../../support/golden.js';
import { Pty } from '../../support/pty.js';
import { expectedCaption } from '../../support/scenes.js';
import { FakeStdout, fakeStdin } from '../../support/terminal-streams.js';
import { WORD_TOKENIZER } from '../../support/word-tokenizer.js';

const [BOOK, SQUARE] = [fixture('scenes/0001.png'), fixture('scenes/0002.png')];

const STRATEGIES: Readonly<Record<string, Partial<DecodingOptions>>> = {
  beam: { num: 3 },
  groups: { beams: 6, groups: 3, diversity: 0.8, num: 6 },
  greedy: { strategy: 'greedy' },
  samples: { strategy: 'sample', num: 3, seed: 5, temperature: 2 },
};

describe('what is drawn of a step', () => {
  const drawn = (state: SearchState) => reduce(initialState(state.options, WORD_TOKENIZER), state, 0);

  test.each(Object.entries(STRATEGIES))('%s: every hypothesis with its sum and score', async (_, given) => {
    const states: SearchState[] = [];
    await decode(
      hashModel({ seed: 3, window: 2, eot_bias: 3 }),
      [start({ lengthPenalty: 2, maxLength: 9, ...given })],
      {
        onStep: (progress) => states.push(progress.states[0]!),
      },
    );
    for (const state of states) {
      const { live, finished } = drawn(state);
      const beams = state.groups.flatMap((own, group) => own.beams.map((beam) => ({ ...beam, group })));
      expect(live).toHaveLength(beams.length);
      for (const [i, { tokens, sum, group }] of beams.entries()) {
        expect(live[i]).toMatchObject({ group, text: { sum, tokens } });
        expect(live[i]!.score).toBeCloseTo(sum / tokens.length ** 2, 6);
      }
      const scores = state.groups.flatMap((group) => group.finished.map(({ score }) => score));
      expect(finished.map(({ score }) => score)).toEqual(scores.sort((a, b) => b - a));
    }
  });

  test('pruned: what was tried, is not live or finished, and was not gone on from', async () => {
    let most = 0;
    await decode(hashModel({ seed: 3, window: 2, eot_bias: 3 }), [start({ beams: 4, maxLength: 12 })], {
      onStep({ states }) {
        const [state] = states as readonly [SearchState];
        const { nodes, groups } = state;
        const idsTo = (id: number): number[] => {
          const node = nodes.find((other) => other.id === id);
          return node ? [...idsTo(node.parent), node.token] : [];
        };
        const tried = nodes.map(({ id }) => idsTo(id).join());
        const kept = groups.flatMap(({ beams, finished }) => [...beams, ...finished]).map(({ ids }) => ids.join());
        const pruned = tried.filter(
          (ids) => !kept.includes(ids) && !tried.some((other) => other.startsWith(`${ids},`)),
        );
        expect(drawn(state).prunedCount).toBe(pruned.length);
        most = Math.max(most, pruned.length);
      },
    });
    expect(most).toBeGreaterThan(5);
  });
});

describe('what is found is the same', () => {
  let model: LoadedCoca;
  beforeAll(async () => {
    model = await loadCoca({ model: 'scenes', device: 'cpu' });
  });
  afterAll(() => model.close());

  test.each(Object.entries(STRATEGIES))('%s', async (_, given) => {
    const picture = await loadPicture(readFileSync(BOOK), model.preprocess);
    const image = await model.encodeImages([picture]);
    const options = decodingOptions(given, { contextLength: model.config.text.context_length });
    const stdout = new FakeStdout(80, 24);
    const streams = { stdin: fakeStdin(), stdout, signal: new AbortController().signal };
    const context = {
      terminal: { interactive: true, columns: 80, rows: 24, colors: 'any', env: {} },
      status: { clear: () => undefined },
      onScreen: (show: (lent: unknown) => unknown) => show(streams),
    } as unknown as CommandContext;
    const search = await watchedSearch(model, context, true);
    const watched = await search(image, options);
    expect(watched.captions).toEqual((await model.caption(image, options)).captions);
  });
});

describe('on a pseudo-terminal', () => {
  let pty: Pty;
  afterEach(() => pty.close());
  const SIZE = { columns: 80, rows: 30 };
  const left = { isCooked: true, modes: new Set(['25']) };
  /** Twenty seconds of work: nobody waits for its end. */
  const LONG = ['--beams', '600', '--min-length', '24'];
  const open = (args: readonly string[], options: Partial<ConstructorParameters<typeof Pty>[1]> = {}) =>
    new Pty(['caption', ...args, '--watch', '--images', 'none'], { ...SIZE, ...options });
  const unTimed = (text: string) => text.replace(/\d+ tokens\/s · [\d.]+ m?s/g, 'TIME');

  /** Of frames that are gone soon. */
  const ever = (pattern: RegExp) => expect(pty.frames()).toContainEqual(expect.stringMatching(pattern));

  test('beams while it searches, and then the caption alone', async () => {
    pty = open([BOOK, '--quiet']);
    expect(await pty.end()).toEqual({ code: 0, ...left });
    ever(/starting · [\d.]+ m?s · 6 beams/);
    ever(/step \d+ of 23 · [\d.]+ m?s · 6 beams · 6 finished · \d+ pruned\n +log p +score\nfinished\n/);
    const { caption, sum, score } = expectedCaption('0001.png');
    const best = ` +${sum.toFixed(3)} {2}${score.toFixed(3)} {2}${caption}`;
    ever(new RegExp(`finished\\n${best}\\n( +-\\d\\.\\d{3} .*\\n?){5}`));
    const after = pty.screen().text();
    pty = new Pty(['caption', BOOK, '--quiet', '--images', 'none'], SIZE);
    await pty.end();
    const lines = (text: string) =>
      unTimed(text)
        .split('\n')
        .filter((line) => !/^(\/dev|pid)/.test(line));
    expect(lines(after)).toEqual(lines(pty.screen().text()));
  });

  test('several pictures, one after the other', async () => {
    pty = open([BOOK, SQUARE, '--quiet', '--groups', '3']);
    expect((await pty.end()).code).toBe(0);
    ever(/0001\.png\n.*6 beams in 3 groups[\s\S]*\n\d .*book on a pink background/);
    ever(/0001\.png\na small book[\s\S]*0002\.png\n.*6 beams in 3 groups[\s\S]*\n\d .*brown/);
    const text = pty.screen().text();
    expect(text).not.toMatch(/log p|starting|finished/);
    expect(text).toMatch(/0001\.png\na small book on a pink background\n.*\n\n.*0002\.png\na brown /);
  });

  test('live beams: doubtful words marked, with figures', async () => {
    pty = open([BOOK, '--quiet', ...LONG]);
    await pty.until(
      /step \d+ of 23 · .* · 600 beams · \d+ finished · \d+ pruned\n +log p +score\n( +-?\d+\.\d{3}.*\n){10}[\s\S]*\+ \d+ more/,
    );
    expect(pty.output).toMatch(/\u001b\[4m/);
    pty.type('\u0003');
    expect(await pty.end()).toEqual({ code: 130, ...left });
    expect(pty.screen().text()).not.toMatch(/log p/);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('%s: %i, and the terminal as it was', async (name, code) => {
    pty = open([BOOK, '--quiet', ...LONG]);
    await pty.until(/step \d+/);
    pty.signal(name);
    expect(await pty.end()).toEqual({ code, ...left });
    expect(pty.screen().text()).not.toMatch(/log p/);
  });

  test('NO_COLOR: no marks', async () => {
    pty = open([BOOK, '--quiet'], { env: { NO_COLOR: '1' } });
    expect((await pty.end()).code).toBe(0);
    ever(/ {2}a small book on a pink background\n/);
    expect(pty.output).not.toMatch(/\u001b\[[34]8;/);
  });

  test('a narrow terminal', async () => {
    pty = open([BOOK, '--quiet'], { columns: 24, rows: 20 });
    expect((await pty.end()).code).toBe(0);
    ever(/finished\n[\s\S]*… on a pink background\n/);
    expect(pty.screen().text()).toMatch(/a small book on a pink\nbackground\n/);
  });

  test('TERM=dumb: the caption, and why nothing was drawn', async () => {
    pty = open([BOOK], { env: { TERM: 'dumb' } });
    expect((await pty.end()).code).toBe(0);
    expect(pty.output).toContain('--watch shows on a terminal');
    expect(pty.output).toMatch(/a +small +book +on +a +pink +background\r\n/);
    expect(pty.output).not.toContain('log p');
  });
});

describe('without a terminal', () => {
  test.each([[[]], [['--jsonl']]])('%j: a notice, and the usual lines', async (format) => {
    const { code, stdout, stderr } = await coca(['caption', BOOK, '--watch', ...format]);
    expect(code).toBe(0);
    expect(stderr).toContain('--watch shows on a terminal');
    const line = (text: string) => text.replace(/"ms":\{.*?\}/, '');
    expect(line(stdout)).toBe(line((await coca(['caption', BOOK, ...format])).stdout));
  });

  test('--batch is refused: pictures are drawn one after the other', async () => {
    const { code, stderr } = await coca(['caption', BOOK, '--watch', '--batch', '2']);
    expect(code).toBe(64);
    expect(stderr).toBe('coca: --watch draws one picture at a time\n      leave out --batch\n');
  });
});
