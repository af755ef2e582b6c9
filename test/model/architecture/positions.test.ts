import { expect, test } from 'vitest';
import { sinCos2d } from '../../../src/model/architecture/positions.js';

test('sin_cos_2d is the table of open_clip.pos_embed.get_2d_sincos_pos_embed(8, 3, cls_token=True)', () => {
  // Of a place: sine of 1 and 1/100 times it, and their cosines.
  const at = [
    [0, 0, 1, 1],
    [0.841471, 0.0099998, 0.5403023, 0.99995],
    [0.9092974, 0.0199987, -0.4161468, 0.9998],
  ];
  const table = sinCos2d(3, 8);
  const patches = at.flatMap((row) => at.map((column) => [...column, ...row]));
  const expected = [[0, 0, 0, 0, 0, 0, 0, 0], ...patches].flat();
  expect(table).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(table[i]).toBeCloseTo(value, 6);
});
