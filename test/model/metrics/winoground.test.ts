import { expect, test } from 'vitest';
import { type PairFits, winogroundScores } from '../../../src/model/metrics/winoground.js';

test.each<[string, PairFits, [text: number, image: number]]>([
  [
    'all as it should be',
    [
      [2, 1],
      [1, 2],
    ],
    [1, 1],
  ],
  [
    'each picture knows its caption, the second caption not its picture',
    [
      [3, 2],
      [2.5, 2.4],
    ],
    [1, 0],
  ],
  [
    'the other way round',
    [
      [3, 2.5],
      [2, 2.4],
    ],
    [0, 1],
  ],
  [
    'nothing',
    [
      [1, 2],
      [2, 1],
    ],
    [0, 0],
  ],
  [
    'one caption wins everywhere',
    [
      [3, 3.5],
      [1, 2],
    ],
    [0, 0],
  ],
  [
    'equals are wrong',
    [
      [1, 1],
      [1, 1],
    ],
    [0, 0],
  ],
  [
    'one equal is enough',
    [
      [2, 1],
      [2, 3],
    ],
    [0, 1],
  ],
])('%s', (_, fits, [text, image]) => {
  expect(winogroundScores([fits])).toEqual({ text, image, group: text * image });
});

test('parts of several pairs', () => {
  const pairs: PairFits[] = [
    [
      [2, 1],
      [1, 2],
    ],
    [
      [3, 2],
      [2.5, 2.4],
    ],
    [
      [3, 2.5],
      [2, 2.4],
    ],
    [
      [1, 2],
      [2, 1],
    ],
  ];
  expect(winogroundScores(pairs)).toEqual({ text: 0.5, image: 0.5, group: 0.25 });
});
