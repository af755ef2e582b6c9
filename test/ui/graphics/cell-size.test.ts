import { expect, test } from 'vitest';
import { answeredCellSize } from '../../../src/ui/graphics/cell-size.js';

test('an answer is read with and without its escape character', () => {
  expect(answeredCellSize('\u001b[6;20;10t')).toEqual({ width: 10, height: 20 });
  expect(answeredCellSize('[6;37;18t')).toEqual({ width: 18, height: 37 });
});

test.each(['', 'q', '[A', '[4;480;800t', '[6;0;0t', '[6;20t', '[6;20;10tq', '[6;99999;99999t'])(
  '%j is none',
  (input) => {
    expect(answeredCellSize(input)).toBeUndefined();
  },
);
