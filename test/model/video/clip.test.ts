import { expect, test } from 'vitest';
import { clipOf, evenly, isClip, picturesOf } from '../../../src/model/video/clip.js';

test.each([
  [10, 5, [1, 3, 5, 7, 9]],
  [8, 8, [0, 1, 2, 3, 4, 5, 6, 7]],
  [3, 8, [0, 1, 2]], // no more than there are
  [9, 1, [4]],
  [100, 3, [16, 50, 83]],
  [0, 8, []],
])('of %i frames, %i: the middle of each equal span', (count, wanted, expected) => {
  expect(evenly(count, wanted)).toEqual(expected);
});

test('a clip is its first frame as a picture', () => {
  const picture = (red: number) => ({
    source: { width: 1, height: 1 },
    crop: { x: 0, y: 0, width: 1, height: 1 },
    size: 1,
    rgb: Uint8Array.of(red, 0, 0),
  });
  const clip = clipOf([
    { index: 2, time: 0.5, picture: picture(7) },
    { index: 5, time: 1, picture: picture(9) },
  ]);
  expect(clip.rgb).toEqual(Uint8Array.of(7, 0, 0));
  expect([isClip(clip), isClip(picture(1))]).toEqual([true, false]);
  expect(picturesOf(clip).map(({ rgb }) => rgb[0])).toEqual([7, 9]);
  expect(picturesOf(picture(3))).toHaveLength(1);
});
