import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { widthOf } from '../../../src/ui/layout.js';
import { type TrainSpace, trainStage } from '../../../src/ui/train/lines.js';
import { initialState, reduce, type TrainState } from '../../../src/ui/train/state.js';
import { FACTS, figures, runningState } from './run.js';

const frame = (state: TrainState, columns: number, rows: number, colors: TrainSpace['colors'] = 'none'): string[] =>
  trainStage(state, { columns, rows, colors }).lines.map(stripVTControlCharacters);

describe.each([
  [80, 24],
  [120, 40],
  [200, 60],
])('on %d x %d', (columns, rows) => {
  const lines = frame(runningState(), columns, rows);
  const text = lines.join('\n');

  test('everything fits, and the last row stays free', () => {
    expect(lines).toHaveLength(rows - 1);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
  });

  test('figures, both curves with their scales, the caption and what it was before', () => {
    expect(lines[0]).toBe('scenes · on wasm · captions.jsonl · 32 a step');
    expect(lines[1]).toMatch(/^step 200\/400 █+.* 1 min 40 s left$/);
    expect(text).toMatch(/contrastive 0\.01500 {2}captioning 0\.1055 {2}temperature 0\.0700 {2}lr 5\.00e-4/);
    expect(text).toMatch(/ {9}contrastive loss, log scale +captioning loss, log scale/);
    expect(text).toMatch(/^ {3}3\.000 [⠀-⣿]+ {2} {3}5\.880 [⠀-⣿]+$/m);
    expect(text).toMatch(/^ 0\.01500 [⠀-⣿]+ {2} {2}0\.1055 [⠀-⣿]+$/m);
    expect(text).toMatch(/^ {4}step 1 .* 200 {2} {4}step 1 .* 200$/m);
    expect(text).toContain('0001.png: a small book on a pink background\n');
    expect(text).toContain(
      'then  50 h h h\n     100 a a background\n     150 a small book\nnow  200 a small book on a pink background',
    );
    expect(lines.at(-1)).toBe('w save  y scale  ? keys  q stop  checkpoint of step 200');
  });

  test('gradient norm and learning rate, where there is room for them', () => {
    expect(/gradient norm +learning rate/.test(text)).toBe(rows >= 40);
  });
});

test('colours change nothing of the text', () => {
  const plain = frame(runningState(), 80, 24);
  for (const colors of ['16', '256', 'any'] as const) {
    const lines = trainStage(runningState(), { columns: 80, rows: 24, colors }).lines;
    expect(lines.join('')).toContain('\u001b[');
    expect(lines.map(stripVTControlCharacters)).toEqual(plain);
  }
  expect(trainStage(runningState(), { columns: 80, rows: 24, colors: 'none' }).lines.join('')).not.toContain('\u001b');
});

test('before the first step', () => {
  const lines = frame(initialState(FACTS), 80, 24);
  expect(lines.slice(0, 3).join('\n')).toMatch(/step 0\/400 +\nwaiting for the first step/);
});

test('losses on other data: figures, and marks on the curves of losses', () => {
  let state = runningState();
  for (const step of [0, 100, 200]) {
    state = reduce(state, {
      type: 'validation',
      figures: { step, contrastive: 4 - step / 100, captioning: null, classification: null },
    });
  }
  const lines = frame(state, 80, 24);
  expect(lines.join('\n')).toContain('\n◆ validation of step 200: contrastive 2.000\n');
  expect(
    lines
      .filter((line) => !line.startsWith('◆'))
      .join('')
      .match(/◆/g),
  ).toHaveLength(3);
  expect(lines.join('\n')).toMatch(/^ {3}4\.000 ◆/m);
});

test.each([
  [80, 24],
  [120, 40],
  [200, 60],
])('at %i x %i a curve fills its plot after 12 steps and after 12,000, and scales follow a key', (columns, rows) => {
  for (const steps of [12, 12_000]) {
    let state = initialState({ ...FACTS, steps: 20_000 });
    for (let step = 1; step <= steps; step++) {
      const captioning = 0.2 + (step % 2 ? 1.1 : 0.9) * 6 * 0.999 ** step;
      state = reduce(state, { type: 'step', figures: figures(step, { captioning, contrastive: 3 + 1 / step }) });
    }
    const lines = frame(state, columns, rows);
    const title = lines.findIndex((line) => line.includes('contrastive loss'));
    const plots = lines.slice(
      title + 1,
      lines.findIndex((line) => line.startsWith('    step ')),
    );
    const half = Math.floor((columns - 2) / 2);
    for (const from of [9, half + 2 + 9]) {
      // The first curves from their left edge to their right one.
      const cells = plots.map((line) => line.slice(from, from + half - 9));
      for (const x of [0, Math.floor(cells[0]!.length / 2), cells[0]!.length - 1]) {
        expect(cells.some((row) => /[⠁-⣿]/.test(row[x] ?? ''))).toBe(true);
      }
    }
    expect(lines.join('\n')).toMatch(new RegExp(`^ {4}step 1 .* ${steps} `, 'm'));
    // A loss that falls by a factor of 30 needs a logarithmic scale; one that hardly moves does not.
    const titles = (one: TrainState) => frame(one, columns, rows).find((line) => line.includes('contrastive loss'));
    expect(titles(state)).toMatch(
      steps > 12 ? /contrastive loss +captioning loss, log/ : /contrastive loss +captioning loss +$/,
    );
    const log = reduce(state, { type: 'next-scale' });
    expect(titles(log)).toMatch(/contrastive loss, log scale +captioning loss, log/);
    const line = reduce(log, { type: 'next-scale' });
    expect(titles(line)).toMatch(/contrastive loss +captioning loss +$/);
    // What is smoothed has the raw curve faint behind it.
    const painted = trainStage(line, { columns, rows, colors: 'any' }).lines.join('');
    expect(/\u001b\[2m[⠀-⣿]*[⠁-⣿]/.test(painted)).toBe(steps > 12);
  }
});

test('one loss alone has the whole width', () => {
  let state = initialState(FACTS);
  for (let step = 1; step < 9; step++) {
    state = reduce(state, { type: 'step', figures: figures(step, { captioning: null }) });
  }
  expect(frame(state, 80, 24).join('\n')).not.toMatch(/captioning/);
});

test('the scale, the keys, a warning, and what was asked for', () => {
  const state = runningState();
  expect(frame(reduce(state, { type: 'next-scale' }), 80, 24).join('\n')).toMatch(/contrastive loss, log scale/);
  expect(frame(reduce(state, { type: 'toggle-help' }), 80, 24).join('\n')).toMatch(/ {2}w s +write a checkpoint/);
  const warned = reduce(reduce(state, { type: 'warning', message: 'one' }), { type: 'warning', message: 'two' });
  expect(frame(warned, 80, 24).at(-2)).toBe('! (2) two');
  expect(frame(reduce(state, { type: 'save' }), 80, 24).at(-1)).toMatch(/a checkpoint after this step/);
  expect(frame(reduce(state, { type: 'stop' }), 80, 24).at(-1)).toMatch(/stopping after this step/);
});

test('on no terminal anything is too wide or too high', () => {
  const states = [initialState(FACTS), runningState(), reduce(runningState(), { type: 'toggle-help' })];
  fc.assert(
    fc.property(
      fc.constantFrom(...states),
      fc.integer({ min: 1, max: 250 }),
      fc.integer({ min: 1, max: 80 }),
      (state, columns, rows) => {
        const lines = frame(reduce(state, { type: 'warning', message: 'something long '.repeat(9) }), columns, rows);
        expect(lines.length).toBe(Math.max(1, rows - 1));
        for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
      },
    ),
    { numRuns: 300 },
  );
});
