import { expect, test } from 'vitest';
import { answeredCellSize } from '../../../src/ui/picture/cell-size.js';

const SCREEN = { columns: 80, rows: 24 };

test('the size of a cell, with and without the escape character', () => {
  expect(answeredCellSize('\u001b[6;20;10t', SCREEN)).toEqual({ width: 10, height: 20, isExact: true });
  expect(answeredCellSize('[6;37;18t', SCREEN)).toEqual({ width: 18, height: 37, isExact: true });
});

test('the size of the window, divided by its cells', () => {
  expect(answeredCellSize('\u001b[?2;0;480;312S', SCREEN)).toEqual({ width: 6, height: 13, isExact: false });
  expect(answeredCellSize('[?2;0;805;490S', SCREEN)).toEqual({ width: 10, height: 20, isExact: false });
});

test.each([
  '',
  'q',
  '[A',
  '[4;480;800t',
  '[6;0;0t',
  '[6;20t',
  '[6;20;10tq',
  '[6;99999;99999t',
  '[?2;0;10000;10000S', // the largest picture, not the window
  '[?2;0;40;10S',
  '[?2;3;0S',
])('%j is no answer', (input) => {
  expect(answeredCellSize(input, SCREEN)).toBeUndefined();
});
