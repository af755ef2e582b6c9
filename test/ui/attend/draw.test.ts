import { describe, expect, test } from 'vitest';
import { mapDrawer } from '../../../src/ui/attend/draw.js';
import { testSource } from './source.js';

const LOOK = { method: 'cross', layer: 'mean', head: 'mean', opacity: 0.7 } as const;
const source = testSource(['a', 'dog', 'on']);
const kitty = () => mapDrawer(source, 'kitty', 'any', undefined);

function imageOf(drawing: ReturnType<ReturnType<typeof kitty>>) {
  if (!('kitty' in drawing)) throw new Error('not a picture of Kitty');
  return drawing.kitty;
}

describe('a drawing', () => {
  test('is made once, so that whoever shows it can tell that it has not changed', () => {
    const draw = kitty();
    const first = draw(0, LOOK, 10, 1);
    expect(draw(1, LOOK, 10, 1)).not.toBe(first);
    expect(draw(0, { ...LOOK, opacity: 0.9 }, 10, 1)).not.toBe(first);
    expect(draw(0, { ...LOOK, layer: 0 }, 10, 1)).not.toBe(first);
    expect(draw(0, LOOK, 9, 1)).not.toBe(first);
    expect(draw(0, LOOK, 10, 1)).toBe(first);
  });

  test('is forgotten after many others, however long a walk is', () => {
    const draw = kitty();
    const first = draw(0, LOOK, 2, 1);
    for (let i = 0; i < 400; i++) draw(1, { ...LOOK, opacity: i / 400 }, 2, 1);
    expect(draw(0, LOOK, 2, 1)).not.toBe(first);
  });

  test('has ten pixels a column, while there are pixels for all that are drawn together', () => {
    expect(imageOf(kitty()(0, LOOK, 10, 1)).size).toBe(200);
    expect(imageOf(kitty()(0, LOOK, 56, 1)).size).toBe(448);
    const { size } = imageOf(kitty()(0, LOOK, 56, 30));
    expect(30 * size ** 2).toBeLessThanOrEqual(448 ** 2);
    expect(30 * (size + 1) ** 2).toBeGreaterThan(448 ** 2);
  });
});
