import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseScenes } from '../../../../src/model/scenes/scenes-spec.js';
import { loadArt, makeSprite } from '../../../../src/model/scenes/world/art.js';
import { kindOf } from '../../../../src/model/scenes/world/content.js';
import { describeScene, drawScene } from '../../../../src/model/scenes/world/draw.js';
import { isTrue, judge, parseCaption } from '../../../../src/model/scenes/world/grammar.js';
import { CANVAS, pixelSquare } from '../../../../src/model/scenes/world/layout.js';
import { renderScene } from '../../../../src/model/scenes/world/render.js';
import { sceneSource } from '../../../../src/model/scenes/world/source.js';
import { BACKGROUNDS, THINGS } from '../../../../src/model/scenes/world/things.js';

const many = Array.from({ length: 4000 }, (_, i) => describeScene(11, i));
const share = (scenes: readonly unknown[], all: readonly unknown[] = many) => scenes.length / all.length;
const md5 = (pair: readonly number[]) =>
  BigInt(
    `0x${createHash('md5')
      .update(`${Math.min(...pair)}-${Math.max(...pair)}`)
      .digest('hex')}`,
  );

describe('drawn scenes', () => {
  it('depend on the seed and their index alone', () => {
    const later = drawScene(11, 1234);
    expect(drawScene(11, 1234)).toEqual(later);
    expect(many[1234]).toMatchObject(later);
    expect(drawScene(12, 1234)).not.toEqual(later);
    // Held-out scenes differ only in their pairs.
    const single = many.findIndex(({ content }) => kindOf(content.groups) === 'single');
    expect(drawScene(11, single, { heldOut: true })).toEqual(drawScene(11, single));
  });

  it('never pair what is held out, and in a held-out set pair nothing else', () => {
    const pairs = (heldOut: boolean) =>
      Array.from({ length: 1500 }, (_, i) => drawScene(5, i, { heldOut }).content.groups)
        .filter(({ length }) => length === 2)
        .map((groups) => groups.map(({ thing }) => thing));
    expect(pairs(false).filter((pair) => md5(pair) % 10n === 0n)).toEqual([]);
    expect(pairs(true).filter((pair) => md5(pair) % 10n !== 0n)).toEqual([]);
    expect(pairs(true).length).toBeGreaterThan(700);
  });

  it('have the shares that the world is said to have', () => {
    const ofKind = (kind: string) => many.filter(({ content }) => kindOf(content.groups) === kind);
    expect(share(ofKind('single'))).toBeCloseTo(0.25, 1);
    expect(share(ofKind('count'))).toBeCloseTo(0.17, 1);
    const pairs = ofKind('pair');
    const several = pairs.filter(({ content }) => content.groups.some(({ count }) => count > 1));
    expect(share(several, pairs)).toBeGreaterThan(0.14);
    expect(share(several, pairs)).toBeLessThan(0.22);
    expect(several.every(({ content }) => content.groups.some(({ count }) => count === 1))).toBe(true);
    const exact = pairs.filter(({ caption }) => / (to the|above|below) /.test(caption));
    expect(Math.abs(share(exact, pairs) - 0.8)).toBeLessThan(0.03);
    const naming = many.filter(({ caption }) => caption.endsWith(' background'));
    expect(Math.abs(share(naming) - 0.6)).toBeLessThan(0.03);
    const sized = many.filter(({ content }) => content.size === 'small' || content.size === 'large');
    expect(
      Math.abs(
        share(
          sized.filter(({ caption }) => /small|large/.test(caption)),
          sized,
        ) - 0.6,
      ),
    ).toBeLessThan(0.06);
    expect(new Set(many.flatMap(({ content }) => content.groups.map(({ thing }) => thing))).size).toBe(THINGS.length);
    expect(new Set(many.map(({ content }) => content.background)).size).toBe(BACKGROUNDS.size);
  });

  it('are captioned truly, and have nine different negatives that are false and of the grammar', () => {
    for (const { content, caption, longest, hardNegatives } of many) {
      expect(isTrue(caption, content) && isTrue(longest, content)).toBe(true);
      expect(new Set(hardNegatives).size).toBe(9);
      expect(hardNegatives.filter((negative) => isTrue(negative, content))).toEqual([]);
      expect(hardNegatives.every((negative) => parseCaption(negative)?.background)).toBe(true);
    }
  });

  it('keep every thing inside the picture, in its half or cell, apart from the others', () => {
    for (const { placements, content } of many) {
      for (const { x, y, side } of placements) {
        expect(Math.min(x, y)).toBeGreaterThanOrEqual(2);
        expect(Math.max(x, y) + side).toBeLessThanOrEqual(CANVAS - 2 + 1e-9);
      }
      placements.forEach((a, i) => {
        for (const b of placements.slice(i + 1)) {
          const apart = Math.max(a.x - b.x - b.side, b.x - a.x - a.side, a.y - b.y - b.side, b.y - a.y - a.side);
          expect(apart).toBeGreaterThanOrEqual(-1e-9);
        }
      });
      if (content.relation === null) continue;
      const [first, second] = content.groups.map(({ thing }) => placements.filter((one) => one.thing === thing));
      const [low, high] = content.relation === 'left' ? (['x', 'x'] as const) : (['y', 'y'] as const);
      for (const a of first!) for (const b of second!) expect(a[low] + a.side).toBeLessThanOrEqual(b[high] + 1e-9);
    }
  });

  it('have the sizes that captions speak of', () => {
    const range = (size: string) => {
      const sides = many.filter(({ content }) => content.size === size).map(({ placements }) => placements[0]!.side);
      return [Math.min(...sides), Math.max(...sides)] as const;
    };
    for (const [size, least, most] of [
      ['small', 22, 32],
      ['medium', 40, 54],
      ['large', 68, 88],
    ] as const) {
      const [low, high] = range(size);
      expect(low).toBeGreaterThanOrEqual(least);
      expect(high).toBeLessThanOrEqual(most);
      expect(high - low).toBeGreaterThan((most - least) * 0.9);
    }
  });
});

describe('families of scenes', () => {
  const FOUR = 4;
  const drawn = Array.from({ length: 4000 }, (_, i) => drawScene(3, i, { mix: parseScenes('scenes:families') }));
  const families = Array.from({ length: drawn.length / FOUR }, (_, i) => drawn.slice(i * FOUR, (i + 1) * FOUR));
  const [related, unrelated] = [0, 1].map((parity) => families.filter((_, i) => i % 2 === parity));

  it('are every other four; each caption is true of its scene and false of the other three', () => {
    for (const family of related!) {
      for (const { caption } of family) {
        expect(family.map(({ content }) => isTrue(caption, content))).toEqual(
          family.map((one) => one.caption === caption),
        );
      }
    }
    const strangers = unrelated!.filter((family) => family.every(({ caption, content }) => isTrue(caption, content)));
    expect(strangers).toHaveLength(unrelated!.length);
  });

  it('differ from the first in one thing, as a hard negative does', () => {
    const parts = new Set<string>();
    for (const [first, ...others] of related!) {
      for (const { content } of others) {
        const verdict = judge(
          { ...content, claimed: content.relation, size: content.size === 'medium' ? null : content.size },
          first!.content,
        );
        const wrong = Object.entries(verdict).filter(([, holds]) => !holds);
        parts.add(wrong.map(([part]) => part).join());
      }
    }
    // Of another thing neither the number nor the place can hold.
    expect([...parts].sort()).toEqual(['background', 'counts', 'relation', 'size', 'things,counts,relation']);
  });

  it('never pair what is held out, and the unrelated ones are those that are always drawn', () => {
    const pairs = drawn
      .map(({ content }) => content.groups.map(({ thing }) => thing))
      .filter(({ length }) => length > 1);
    expect(pairs.length).toBeGreaterThan(2000);
    expect(pairs.filter((pair) => md5(pair) % 10n === 0n)).toEqual([]);
    expect(unrelated![7]).toEqual([60, 61, 62, 63].map((index) => drawScene(3, index)));
  });
});

describe('painted scenes', () => {
  it('have the colour they are said to have, and things only in their squares', async () => {
    const art = await loadArt();
    const size = 96;
    for (let i = 0; i < 60; i++) {
      const scene = describeScene(2, i);
      const rgb = renderScene(scene, art, size);
      expect(rgb).toHaveLength(size * size * 3);
      const squares = scene.placements.map((placement) => pixelSquare(placement, size));
      const base = BACKGROUNDS.get(scene.content.background)!;
      let inside = 0;
      for (let y = 0; y < size; y++) {
        for (let x = 0; x < size; x++) {
          const covered = squares.some((s) => x >= s.left && x < s.left + s.side && y >= s.top && y < s.top + s.side);
          const off = base.map((value, c) => Math.abs(rgb[(y * size + x) * 3 + c]! - value));
          // Tint and gradient move a channel by at most 14 each.
          if (!covered) expect(Math.max(...off)).toBeLessThanOrEqual(28.5);
          else if (Math.max(...off) > 29) inside++;
        }
      }
      expect(inside).toBeGreaterThan(30);
    }
  });

  it('are mirrored and turned about the middle of their square', async () => {
    // A sprite that is red in its left half and green in its right one.
    const side = 64;
    const rgba = new Uint8Array(side * side * 4);
    for (let i = 0; i < side * side; i++) rgba.set(i % side < side / 2 ? [255, 0, 0, 255] : [0, 255, 0, 255], i * 4);
    const art = THINGS.map(() => makeSprite(side, rgba));
    const paint = { colour: [0, 0, 255], axis: 'x', from: 0, to: 0 } as const;
    const paintOne = (turn: number, mirrored: boolean) => {
      const placements = [{ thing: 0, x: 24, y: 24, side: 48, turn, mirrored }];
      return renderScene({ ...many[0]!, placements, paint }, art, 96);
    };
    const at = (rgb: Uint8Array, x: number, y: number) => [...rgb.subarray((y * 96 + x) * 3, (y * 96 + x) * 3 + 3)];
    expect(at(paintOne(0, false), 30, 48)).toEqual([255, 0, 0]);
    expect(at(paintOne(0, false), 66, 48)).toEqual([0, 255, 0]);
    expect(at(paintOne(0, true), 30, 48)).toEqual([0, 255, 0]);
    expect(at(paintOne(0, false), 20, 48)).toEqual([0, 0, 255]);
    // A quarter turn clockwise brings the left half up.
    expect(at(paintOne(Math.PI / 2, false), 48, 30)).toEqual([255, 0, 0]);
    expect(at(paintOne(Math.PI / 2, false), 48, 66)).toEqual([0, 255, 0]);
  });

  it('come by index, the same each time, at any size', async () => {
    const at = await sceneSource(9, { size: 48 });
    const { picture, caption } = at(3);
    expect(picture).toMatchObject({ size: 48, source: { width: 48, height: 48 } });
    expect(at(3)).toEqual({ picture, caption });
    expect(caption).toBe(drawScene(9, 3).caption);
    expect(() => at(2 ** 32)).toThrow('no scene');
  });

  it('say what is missing without the art', async () => {
    await expect(loadArt('/nowhere')).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('dog'),
    });
  });
});
