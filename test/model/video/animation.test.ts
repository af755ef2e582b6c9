import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { loadPicture } from '../../../src/model/image/load-picture.js';
import { animationFrames, MAX_ANIMATION_PIXELS } from '../../../src/model/video/animation.js';
import { grayAnimation } from '../../support/animation.js';
import { fixture } from '../../support/golden.js';

const GRAYS = [0, 40, 80, 120, 160, 200];

describe.each(['gif', 'webp'] as const)('%s', (format) => {
  test('frames are the middle ones of equal spans, at the sums of the delays before them', async () => {
    const bytes = await grayAnimation(format, GRAYS);
    const frames = (await animationFrames(format, bytes, 3))!;
    expect(frames.map(({ index, time }) => [index, time])).toEqual([
      [1, 0.1],
      [3, 0.3],
      [5, 0.5],
    ]);
    for (const { index, bytes: file } of frames) {
      const { data } = await sharp(file).raw().toBuffer({ resolveWithObject: true });
      expect(Math.abs(data[0]! - GRAYS[index]!)).toBeLessThan(4); // a palette
    }
  });

  test('the first frame is the file itself: what it is as a picture', async () => {
    const bytes = await grayAnimation(format, GRAYS);
    const [first] = (await animationFrames(format, bytes, 6))!;
    expect(await loadPicture(first!.bytes, { size: 8 })).toEqual(await loadPicture(bytes, { size: 8 }));
  });

  test('one that does not move is no clip', async () => {
    expect(await animationFrames(format, await grayAnimation(format, [90]), 8)).toBeUndefined();
  });

  test.each([0.5, 0.9])('cut to %f of its bytes: an error, and never half a clip', async (part) => {
    const bytes = await grayAnimation(format, GRAYS, { width: 64, height: 64 });
    const cut = bytes.subarray(0, Math.floor(part * bytes.length));
    await expect(animationFrames(format, cut, 2)).rejects.toMatchObject({ code: 'bad-image' });
  });
});

test('a GIF whose second frame is broken is a picture, and no clip', async () => {
  const bytes = readFileSync(fixture('pictures/gif-second-frame-cut.gif'));
  expect((await loadPicture(bytes, { size: 8 })).size).toBe(8);
  await expect(animationFrames('gif', bytes, 2)).rejects.toMatchObject({ code: 'bad-image' });
});

test('a GIF cut between two frames', async () => {
  const bytes = await grayAnimation('gif', GRAYS);
  // The trailer, and the last frame with what is said before it.
  const last = bytes.lastIndexOf(Buffer.of(0x21, 0xf9, 4));
  await expect(animationFrames('gif', bytes.subarray(0, last), 2)).rejects.toMatchObject({ code: 'bad-image' });
});

test('more pixels than are decoded, all frames together: refused before any is', async () => {
  const side = 16_000;
  const frames = Math.ceil(MAX_ANIMATION_PIXELS / side ** 2) + 1;
  const bytes = Buffer.from(
    await grayAnimation(
      'gif',
      Array.from({ length: frames }, (_, i) => 10 + 20 * i),
    ),
  );
  bytes.writeUInt16LE(side, 6);
  bytes.writeUInt16LE(side, 8);
  await expect(animationFrames('gif', bytes, 2)).rejects.toMatchObject({
    code: 'bad-image',
    message: expect.stringMatching(/frames of 16000 x 16000 pixels: more than the 1200 million in all/),
  });
});
