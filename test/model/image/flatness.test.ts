import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { flatness, looksLikePhotograph } from '../../../src/model/image/flatness.js';
import { loadPicture } from '../../../src/model/image/load-picture.js';
import { fixture } from '../../support/golden.js';

/** A picture of 2 x 2 pixels. */
const picture = (...rgb: number[]) => ({ rgb: Uint8Array.from(rgb), size: 2 });

test('the share of pixels that are as their right neighbour, by hand', () => {
  expect(flatness(picture(9, 9, 9, 9, 9, 9, 200, 0, 0, 200, 0, 0))).toBe(1);
  // Two levels apart count as the same, three do not.
  expect(flatness(picture(9, 9, 9, 9, 11, 9, 0, 0, 0, 0, 0, 3))).toBe(0.5);
  expect(flatness(picture(0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 255, 0))).toBe(0);
});

test('no scene looks like a photograph', async () => {
  const options = { size: 96, interpolation: 'bicubic', resizeMode: 'shortest', fillColor: 0 } as const;
  const { samples } = JSON.parse(readFileSync(fixture('scenes/expected.json'), 'utf8')) as {
    samples: { image: string }[];
  };
  for (const { image } of samples) {
    const file = readFileSync(fixture(`scenes/${image}`));
    expect(looksLikePhotograph(await loadPicture(file, options))).toBe(false);
  }
});
