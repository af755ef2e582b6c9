import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodingOptions } from '../../../src/model/decoding/index.js';
import type { Hypothesis } from '../../../src/model/stepper/index.js';
import { widthOf } from '../../../src/ui/layout.js';
import { watchLines } from '../../../src/ui/watch/lines.js';
import { initialState, type WatchState } from '../../../src/ui/watch/state.js';
import { textOfWords, WORD_TOKENIZER } from '../../support/word-tokenizer.js';

const optionsOf = (given: object) => decodingOptions(given, { contextLength: 77 });

const spoken = (
  words: readonly (readonly [word: string, probability: number])[],
  sum: number,
  score: number,
  group: number,
): Hypothesis => {
  const text = { ...textOfWords(words), path: [0], sum };
  return { kind: 'live', number: 0, index: 0, group, score, text };
};

const hypothesis = (text: string, sum: number, group = 0): Hypothesis => {
  const words = text.split(' ').map((word, i) => [word, 1 / (i + 1)] as const);
  return spoken(words, sum, sum / words.length, group);
};

const STATE: WatchState = {
  ...initialState(optionsOf({}), WORD_TOKENIZER),
  step: 7,
  maxSteps: 29,
  elapsedMs: 420,
  prunedCount: 14,
  live: [hypothesis('a small book on a pink', -1.234), hypothesis('a blue book on a pink', -12.5)],
  finished: [hypothesis('a book on a sofa', -2)],
  pruned: [hypothesis('two books on', -3)],
};

const frame = (columns: number, rows: number, state: WatchState = STATE) =>
  watchLines(state, { columns, rows, colors: 'any' })
    .map((line) => stripVTControlCharacters(line))
    .join('\n');

describe('frames', () => {
  test('80 columns: how far, then live, finished and pruned', () => {
    expect(frame(80, 24)).toMatchInlineSnapshot(`
      "step 7 of 29 · 420 ms · 6 beams · 1 finished · 14 pruned
          log p   score
         -1.234  -0.206  a small book on a pink
        -12.500  -2.083  a blue book on a pink
      finished
         -2.000  -0.400  a book on a sofa
      pruned
         -3.000  -1.000  two books on"
    `);
  });

  test('30 columns: the score, and the end of the words', () => {
    expect(frame(30, 24)).toMatchInlineSnapshot(`
      "step 7 of 29 · 420 ms · 6
      beams · 1 finished · 14 pruned
         score
        -0.206  … book on a pink
        -2.083  … book on a pink
      finished
        -0.400  a book on a sofa
      pruned
        -1.000  two books on"
    `);
  });

  test('20 columns: words alone', () => {
    expect(frame(20, 24)).toMatchInlineSnapshot(`
      "step 7 of 29 · 420
      ms · 6 beams · 1
      finished · 14 pruned
      … book on a pink
      … book on a pink
      finished
      a book on a sofa
      pruned
      two books on"
    `);
  });

  test('8 rows: the live ones first, and how many there are more', () => {
    expect(frame(80, 8)).toMatchInlineSnapshot(`
      "step 7 of 29 · 420 ms · 6 beams · 1 finished · 14 pruned
          log p   score
         -1.234  -0.206  a small book on a pink
        -12.500  -2.083  a blue book on a pink
      finished
         -2.000  -0.400  a book on a sofa"
    `);
    const many = { ...STATE, live: Array.from({ length: 16 }, (_, i) => hypothesis(`word ${i}`, -i)) };
    expect(frame(80, 8, many)).toMatchInlineSnapshot(`
      "step 7 of 29 · 420 ms · 6 beams · 1 finished · 14 pruned
          log p   score
          0.000   0.000  word 0
         -1.000  -0.500  word 1
         -2.000  -1.000  word 2
      + 13 more"
    `);
  });

  test('groups are numbered', () => {
    const options = optionsOf({ beams: 12, groups: 12 });
    const groups = { ...STATE, options, live: [hypothesis('a dog', -1, 0), hypothesis('a cat', -2, 11)] };
    expect(frame(60, 24, groups)).toMatchInlineSnapshot(`
      "step 7 of 29 · 420 ms · 12 beams in 12 groups · 1 finished ·
      14 pruned
             log p   score
      1     -1.000  -0.500  a dog
      12    -2.000  -1.000  a cat
      finished
      1     -2.000  -0.400  a book on a sofa
      pruned
      1     -3.000  -1.000  two books on"
    `);
  });

  test('before the first step', () => {
    expect(frame(80, 24, initialState(optionsOf({ strategy: 'greedy' }), WORD_TOKENIZER))).toMatchInlineSnapshot(`
      "starting · 0 ms · greedy · 0 finished · 0 pruned
          log p   score"
    `);
  });

  test('without colours: percents behind doubtful words', () => {
    expect(watchLines(STATE, { columns: 60, rows: 24, colors: 'none' }).join('\n')).toMatchInlineSnapshot(`
      "step 7 of 29 · 420 ms · 6 beams · 1 finished · 14 pruned
          log p   score
         -1.234  -0.206  … book(33%) on(25%) a(20%) pink(17%)
        -12.500  -2.083  a blue book(33%) on(25%) a(20%) pink(17%)
      finished
         -2.000  -0.400  a book on(33%) a(25%) sofa(20%)
      pruned
         -3.000  -1.000  two books on"
    `);
  });

  test('doubtful words are marked, what was pruned is dim', () => {
    const lines = watchLines(STATE, { columns: 80, rows: 24, colors: 'any' });
    expect(lines[2]).toMatch(/ {2}a small \u001b\[4mbook.*\u001b\[4m\u001b\[48;2;200;184;102m\u001b\[38;2;0;0;0mpink/);
    expect(lines.at(-1)).toMatch(/^\u001b\[2m.*two books on\u001b\[22m$/);
  });

  test('control characters of a vocabulary are shown, not sent', () => {
    const hostile = { ...STATE, live: [hypothesis('a\u001b[2Jb c\u202e', -1)], pruned: [hypothesis('x\u0007', -1)] };
    const text = frame(80, 24, hostile);
    expect(text).toContain('a\\x1b[2Jb c\\u202e');
    expect(text).toContain('x\\x07');
  });
});

test('whatever the size, every line fits and there are fewer of them than rows', () => {
  const word = fc.string({ minLength: 1, maxLength: 14, unit: fc.constantFrom('a', 'w', '狗', 'é') });
  const hypotheses = fc.array(
    fc
      .record({
        words: fc.array(fc.tuple(word, fc.float({ min: 0, max: 1, noNaN: true })), { maxLength: 30 }),
        sum: fc.float({ min: -500, max: 0, noNaN: true }),
        score: fc.float({ min: -30, max: 0, noNaN: true }),
        group: fc.nat(5),
      })
      .map(({ words, sum, score, group }) => spoken(words, sum, score, group)),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(
      fc.record({
        live: hypotheses,
        finished: hypotheses,
        pruned: hypotheses,
        options: fc.constantFrom(optionsOf({}), optionsOf({ groups: 6 })),
      }),
      fc.integer({ min: 1, max: 120 }),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom('none', '16', '256', 'any'),
      (parts, columns, rows, colors) => {
        const lines = watchLines({ ...STATE, ...parts }, { columns, rows, colors });
        expect(lines.length).toBeLessThan(Math.max(2, rows));
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
      },
    ),
    { numRuns: 200 },
  );
});
