import { afterEach, expect, test } from 'vitest';
import type { PictureKind } from '../../../src/ui/picture/raster.js';
import { trainView } from '../../../src/ui/train/show.js';
import { initialState, type TrainState } from '../../../src/ui/train/state.js';
import { renderView } from '../../support/render-view.js';
import { FACTS, runningState } from './run.js';

let app: ReturnType<typeof renderView>;
let end: () => void;
afterEach(() => {
  end();
  return app.close();
});

function open(state: TrainState, columns: number, rows: number, kind: PictureKind = 'blocks'): void {
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const run = { initial: state, follow: () => ended, onSave: () => undefined, onStop: () => undefined };
  app = renderView(trainView(run, kind), columns, rows, 'any');
}

test('the picture, and beside it what the model says of it', async () => {
  open(runningState(), 80, 24);
  await app.until(/▀{14}/);
  const lines = app.terminal().lines();
  const rows = lines.filter((line) => line.startsWith('▀'));
  expect(rows).toHaveLength(7);
  expect(rows[0]).toMatch(/^▀{14} {2}0001\.png: a small book on a pink background$/);
  expect(rows.join('\n')).toMatch(/▀{14} {2}now +200 a small book on a pink background/);
  expect(lines.at(-2)).toMatch(/^w save/);
  expect(lines.at(-1)).toBe('');
});

test('it is there before the first caption', async () => {
  open(initialState(FACTS), 120, 40);
  await app.until(/▀{26}/);
});

test('as the terminal draws pictures', async () => {
  open(runningState(), 80, 24, 'kitty');
  await app.until(/q stop/);
  await app.settle();
  expect(app.pictures()).toEqual([expect.objectContaining({ protocol: 'kitty', column: 0, columns: 14, rows: 7 })]);
});

test.each([
  [36, 24, 'blocks'],
  [80, 10, 'blocks'],
  [80, 24, 'none'],
] as const)('none on %i x %i, %s: the captions alone', async (columns, rows, kind) => {
  open(runningState(), columns, rows, kind);
  await app.until(/q stop/);
  await app.settle();
  expect(app.terminal().text()).not.toContain('▀');
  expect(app.terminal().scrolled).toBe(0);
});
