import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Beam, decodingOptions, type SearchState } from '../../../src/model/decoding/index.js';
import type { Hypothesis } from '../../../src/model/stepper/index.js';
import { initialState, reduce } from '../../../src/ui/watch/state.js';
import { start } from '../../model/decoding/hash-model.js';
import { WORD_TOKENIZER } from '../../support/word-tokenizer.js';

const OPTIONS = decodingOptions({ beams: 2 }, { contextLength: 77 });
const START = initialState(OPTIONS, WORD_TOKENIZER);

const beam = (...path: number[]): Beam => ({ path, ids: path, tokens: [], sum: -1 });
const step = (beams: readonly Beam[], finished: readonly Beam[] = []): SearchState => ({
  ...start({ beams: 2 }),
  groups: [{ beams, finished: finished.map((one) => ({ ...one, score: -1 })), done: false }],
});
const pathsOf = (hypotheses: readonly Hypothesis[]) => hypotheses.map(({ text }) => text.path);

describe('reduce', () => {
  test('a later step takes the place of an earlier one', () => {
    const state = reduce(START, { ...step([beam(0, 1)], [beam(0, 2)]), step: 4 }, 250);
    expect(state).toMatchObject({ options: OPTIONS, step: 4, pruned: [], elapsedMs: 250 });
    expect(state.maxSteps).toBe(start({ beams: 2 }).options.maxLength - 1);
    expect([pathsOf(state.live), pathsOf(state.finished)]).toEqual([[[0, 1]], [[0, 2]]]);
  });

  test('what nothing goes on from was pruned, and is so for one state', () => {
    const two = reduce(START, step([beam(0, 1), beam(0, 2)]), 1);
    const three = reduce(two, step([beam(0, 1, 3), beam(0, 1, 4)]), 2);
    expect(pathsOf(three.pruned)).toEqual([[0, 2]]);
    const four = reduce(three, step([beam(0, 1, 3, 5), beam(0, 1, 4, 6)]), 3);
    expect(four.pruned).toEqual([]);
  });

  test('steps may be left out: what goes on is known by its nodes', () => {
    const two = reduce(START, step([beam(0, 1), beam(0, 2)]), 1);
    expect(pathsOf(reduce(two, step([beam(0, 2, 7, 9, 12)]), 2).pruned)).toEqual([[0, 1]]);
  });

  test('what is finished was not pruned', () => {
    const two = reduce(START, step([beam(0, 1), beam(0, 2)]), 1);
    expect(reduce(two, step([beam(0, 1, 3)], [beam(0, 2, -2)]), 2).pruned).toEqual([]);
  });

  test('nothing is both pruned and going on, and nothing is lost', () => {
    // Beams of a random search: each step continues some of those before.
    const picks = fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(picks, (steps) => {
        let node = 1;
        let beams = [beam(0)];
        let state = reduce(START, step(beams), 0);
        for (const parents of steps) {
          const before = pathsOf(state.live);
          beams = parents.map((pick) => beam(...beams[pick % beams.length]!.path, node++));
          state = reduce(state, step(beams), 0);
          for (const path of before) {
            const goesOn = beams.some((one) => one.path.includes(path.at(-1)!));
            expect(pathsOf(state.pruned).includes(path)).toBe(!goesOn);
          }
        }
      }),
    );
  });
});
