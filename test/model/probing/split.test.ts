import { expect, test } from 'vitest';
import { drawShots, holdOut, meanAndDeviation } from '../../../src/model/probing/split.js';

const labels = [...Array(20).fill(0), ...Array(7).fill(1), 2, 3, 3];

test('a share of every class is held out: one of two, none of one, and never all', () => {
  const { kept, heldOut } = holdOut(labels, 0.2, 5);
  const counts = [0, 1, 2, 3].map((label) => heldOut.filter((i) => labels[i] === label).length);
  expect(counts).toEqual([4, 1, 0, 1]);
  expect([...kept, ...heldOut].sort((a, b) => a - b)).toEqual([...labels.keys()]);
  expect(holdOut(labels, 0.2, 5)).toEqual({ kept, heldOut });
  expect(holdOut(labels, 0.2, 6)).not.toEqual({ kept, heldOut });
  expect(holdOut(labels, 0, 5).heldOut).toEqual([]);
  expect(holdOut(labels, 0.9, 5).heldOut.filter((i) => labels[i] === 3)).toHaveLength(1);
});

test('shots are of every class, those of fewer among those of more, and a class with too few is named', () => {
  const many = labels.filter((label) => label < 2);
  const two = drawShots(many, 2, 1, String);
  expect(two.map((i) => many[i])).toEqual([0, 0, 1, 1]);
  const four = drawShots(many, 4, 1, String);
  expect(two.every((i) => four.includes(i))).toBe(true);
  expect(() => drawShots(many, 8, 1, (label) => `class ${label}`)).toThrow(/"class 1" has 7 pictures.*8 shots/);
});

test('the deviation is that of a sample', () => {
  expect(meanAndDeviation([1, 2, 3, 4])).toEqual({ mean: 2.5, deviation: Math.sqrt(5 / 3) });
  expect(meanAndDeviation([0.5])).toEqual({ mean: 0.5, deviation: null });
});
