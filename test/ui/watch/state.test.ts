import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Hypothesis, initialState, reduce, type WatchStep } from '../../../src/ui/watch/state.js';

const hypothesis = (...path: number[]): Hypothesis => ({ path, group: 0, words: [], sum: -1, score: -1 });
const step = (live: readonly Hypothesis[], finished: readonly Hypothesis[] = []): WatchStep => {
  return { step: 1, maxSteps: 9, live, finished, prunedCount: 0 };
};
const START = initialState('2 beams', 1);

describe('reduce', () => {
  test('a later step takes the place of an earlier one', () => {
    const state = reduce(START, { ...step([hypothesis(0, 1)]), step: 4, prunedCount: 3 }, 250);
    expect(state).toEqual({
      search: '2 beams',
      groups: 1,
      step: 4,
      maxSteps: 9,
      live: [hypothesis(0, 1)],
      finished: [],
      prunedCount: 3,
      pruned: [],
      elapsedMs: 250,
    });
  });

  test('what nothing goes on from was pruned, and is so for one state', () => {
    const two = reduce(START, step([hypothesis(0, 1), hypothesis(0, 2)]), 1);
    const three = reduce(two, step([hypothesis(0, 1, 3), hypothesis(0, 1, 4)]), 2);
    expect(three.pruned).toEqual([hypothesis(0, 2)]);
    const four = reduce(three, step([hypothesis(0, 1, 3, 5), hypothesis(0, 1, 4, 6)]), 3);
    expect(four.pruned).toEqual([]);
  });

  test('steps may be left out: what goes on is known by its nodes', () => {
    const two = reduce(START, step([hypothesis(0, 1), hypothesis(0, 2)]), 1);
    expect(reduce(two, step([hypothesis(0, 2, 7, 9, 12)]), 2).pruned).toEqual([hypothesis(0, 1)]);
  });

  test('what is finished was not pruned', () => {
    const two = reduce(START, step([hypothesis(0, 1), hypothesis(0, 2)]), 1);
    expect(reduce(two, step([hypothesis(0, 1, 3)], [hypothesis(0, 2, -2)]), 2).pruned).toEqual([]);
  });

  test('nothing is both pruned and going on, and nothing is lost', () => {
    // Beams of a random search: each step continues some of those before.
    const picks = fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(picks, (steps) => {
        let node = 1;
        let beams = [hypothesis(0)];
        let state = reduce(START, step(beams), 0);
        for (const parents of steps) {
          const before = state.live;
          beams = parents.map((pick) => hypothesis(...beams[pick % beams.length]!.path, node++));
          state = reduce(state, step(beams), 0);
          for (const { path } of before) {
            const goesOn = beams.some((beam) => beam.path.includes(path.at(-1)!));
            expect(state.pruned.some((pruned) => pruned.path === path)).toBe(!goesOn);
          }
        }
      }),
    );
  });
});
