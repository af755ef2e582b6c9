import { expect, test } from 'vitest';
import { loadArt } from '../../../../src/model/scenes/world/art.js';
import { describeScene } from '../../../../src/model/scenes/world/draw.js';
import { scenePair } from '../../../../src/model/scenes/world/pairs.js';

test('two scenes that differ within the boxes of one thing, which the caption names', async () => {
  const art = await loadArt();
  for (let index = 0; index < 40; index++) {
    const { pictures, caption, thing } = scenePair(5, index, 96, art);
    expect(caption).toBe(describeScene(5, index).longest);
    expect(caption).toContain(thing.name);
    const [a, b] = pictures;
    let inside = 0;
    for (let i = 0; i < a.rgb.length; i++) {
      if (a.rgb[i] === b.rgb[i]) continue;
      const [x, y] = [Math.floor(i / 3) % 96, Math.floor(i / 288)];
      expect(thing.boxes.some((box) => x >= box.x0 && x < box.x1 && y >= box.y0 && y < box.y1)).toBe(true);
      inside++;
    }
    expect(inside).toBeGreaterThan(0);
  }
});

test('depends on the seed and the index alone', async () => {
  const art = await loadArt();
  expect(scenePair(5, 7, 48, art)).toEqual(scenePair(5, 7, 48, art));
  expect(scenePair(6, 7, 48, art)).not.toEqual(scenePair(5, 7, 48, art));
});
