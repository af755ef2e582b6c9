import { describe, expect, test } from 'vitest';
import { captionTargets } from '../../../src/model/training/batch.js';
import { learningRateAt } from '../../../src/model/training/schedule.js';

test.each([
  [0, 0.25],
  [3, 1],
  [4, 1],
  [8, 0.5],
  [12, 0],
  [20, 0],
])('learning rate at step %d of 12, 4 of them warm-up: %d', (step, expected) => {
  expect(learningRateAt(step, { learningRate: 1, warmupSteps: 4, totalSteps: 12 })).toBeCloseTo(expected, 12);
});

test('without an end, the learning rate stays', () => {
  expect(learningRateAt(10_000, { learningRate: 0.1, warmupSteps: 2 })).toBe(0.1);
});

describe('what captions are to predict', () => {
  test('every id but the first, after the row that has read all before it; no padding', () => {
    const targets = captionTargets({ contexts: [Int32Array.of(9, 5, 8, 0, 0), Int32Array.of(9, 5, 6, 8, 0)] });
    expect(targets.length).toBe(3);
    expect([...targets.rows]).toEqual([0, 1, 3, 4, 5]);
    expect([...targets.labels]).toEqual([5, 8, 5, 6, 8]);
  });

  test('an id equal to the padding within a text is read, and not predicted', () => {
    const targets = captionTargets({ contexts: [Int32Array.of(9, 0, 8)] });
    expect([...targets.rows]).toEqual([1]);
    expect([...targets.labels]).toEqual([8]);
  });
});
