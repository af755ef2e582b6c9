import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parseScenes } from '../../../../src/model/scenes/scenes-spec.js';
import { otherReading } from '../../../../src/model/scenes/world/ambiguous.js';
import { loadArt, makeSprite } from '../../../../src/model/scenes/world/art.js';
import { kindOf } from '../../../../src/model/scenes/world/content.js';
import { describeScene, drawScene } from '../../../../src/model/scenes/world/draw.js';
import { isTrue, judge, parseCaption, readingsOf } from '../../../../src/model/scenes/world/grammar.js';
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
    for (const { content, caption, longest, trueCaptions, hardNegatives } of many) {
      expect(isTrue(caption, content) && trueCaptions.includes(longest)).toBe(true);
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

describe('scenes that are mixed', () => {
  const FOUR = 4;
  const mix = parseScenes('scenes:families=0.25,arrangements=0.5,longest=0.8,ambiguous=1');
  const drawn = Array.from({ length: 4000 }, (_, i) => drawScene(5, i, { mix }));
  const fours = Array.from({ length: drawn.length / FOUR }, (_, i) => drawn.slice(i * FOUR, (i + 1) * FOUR));
  const signature = (four: typeof drawn) =>
    new Set(four.map(({ content: { groups, relation } }) => `${relation} ${groups.map(({ thing }) => thing)}`)).size;
  const sameThings = (four: typeof drawn) =>
    new Set(four.map(({ content: { groups } }) => `${groups.map(({ thing, count }) => thing * 10 + count).sort()}`))
      .size === 1;
  const arranged = fours.filter((four) => four[0]!.content.relation && signature(four) === FOUR && sameThings(four));

  it('come in as many fours of all arrangements as asked for, spread evenly', () => {
    expect(arranged).toHaveLength(fours.length / 2);
    for (let i = 0; i < fours.length; i += 40) {
      expect(fours.slice(i, i + 40).filter((four) => arranged.includes(four))).toHaveLength(20);
    }
  });

  it('in which each caption is true of its picture alone, and of nothing else in it', () => {
    for (const four of arranged) {
      for (const [i, { caption }] of four.entries()) {
        expect(four.map(({ content }) => isTrue(caption, content))).toEqual(four.map((_, k) => k === i));
      }
    }
  });

  it('say pairs by their longest phrase as often as asked for', () => {
    const captions = arranged.flat().map(({ caption, content }) => ({ caption, relation: content.relation }));
    const longest = captions.filter(({ caption, relation }) =>
      relation === 'left' ? caption.includes(' to the right of ') : caption.includes(' above '),
    );
    // Where it is not told so, half of the phrases are it as well: of two equally long ones the first.
    expect(longest.length / captions.length).toBeGreaterThan(0.88);
    expect(longest.length / captions.length).toBeLessThan(0.92);
  });

  it('say no relation of pairs that could be read either way', () => {
    const overlap = (content: (typeof drawn)[0]) => otherReading(content.content, content.placements) !== undefined;
    const pairs = drawn.filter(({ content }) => content.relation !== null);
    const either = pairs.filter(overlap);
    expect(either.length).toBeGreaterThan(20);
    for (const { caption } of either) expect(caption).toMatch(/^an? [^\d]+ and an? /);
    expect(arranged.flat().filter(overlap)).toEqual([]);
  });

  it('are the same as without, where nothing is asked for; shares of families alone are as they were', () => {
    for (const index of [0, 17, 4711]) {
      expect(drawScene(3, index, { mix: parseScenes('scenes:') })).toEqual(drawScene(3, index));
      const half = { mix: parseScenes('scenes:families=0.5') };
      expect(drawScene(3, index, half)).toEqual(drawScene(3, index, { mix: parseScenes('scenes:families') }));
    }
  });

  it.each([
    ['scenes:nonsense', /no "nonsense"/],
    ['scenes:families=2', /"families=2" is no share/],
    ['scenes:families=', /is no share/],
    ['scenes:longest=-0.5', /is no share/],
    ['scenes:families=0.6,arrangements=0.5', /more than all scenes/],
    ['scenes:toString=1', /no "toString"/],
  ])('%s is refused', (name, message) => {
    expect(() => parseScenes(name)).toThrow(message);
  });
});

describe('pairs that could be read either way', () => {
  const side = 20;
  const at = (thing: number, x: number, y: number) => ({ thing, x, y, side, turn: 0, mirrored: false });
  const pair = (relation: 'left' | 'above') => ({
    groups: [
      { thing: 0, count: 1 },
      { thing: 1, count: 1 },
    ],
    relation,
    size: null,
    background: 'pink',
  });
  const names = (content: { readonly groups: readonly { readonly thing: number }[] } | undefined) =>
    content?.groups.map(({ thing }) => thing);

  it('are those whose things lie apart in both directions, with the middle between them', () => {
    // One above and left of the other.
    const both = [at(0, 10, 10), at(1, 60, 60)];
    expect(otherReading(pair('left'), both)).toMatchObject({ relation: 'above' });
    expect(names(otherReading(pair('left'), both))).toEqual([0, 1]);
    expect(otherReading(pair('above'), both)).toMatchObject({ relation: 'left' });
    // Left of the other, and below it.
    expect(names(otherReading(pair('left'), [at(0, 10, 60), at(1, 60, 10)]))).toEqual([1, 0]);
    // At the same height; overlapping in height; apart, but both in the upper half.
    expect(otherReading(pair('left'), [at(0, 10, 40), at(1, 60, 40)])).toBeUndefined();
    expect(otherReading(pair('left'), [at(0, 10, 30), at(1, 60, 45)])).toBeUndefined();
    expect(otherReading(pair('left'), [at(0, 10, 2), at(1, 60, 23)])).toBeUndefined();
  });

  it('have the captions of both readings, and no negative that is true', () => {
    const scenes = many.filter(({ content, placements }) => otherReading(content, placements));
    const pairs = many.filter(({ content }) => kindOf(content.groups) === 'pair');
    expect(share(scenes, pairs)).toBeGreaterThan(0.06);
    expect(share(scenes, pairs)).toBeLessThan(0.13);
    for (const { trueCaptions, longest, hardNegatives } of scenes) {
      const relations = new Set(trueCaptions.map((caption) => parseCaption(caption)!.claimed));
      expect(relations).toEqual(new Set(['together', 'left', 'beside', 'above']));
      expect(new Set(trueCaptions).size).toBe(trueCaptions.length);
      expect(trueCaptions).toContain(longest);
      expect(longest).toContain(' to the right of ');
      expect(hardNegatives).toHaveLength(9);
      expect(hardNegatives.filter((caption) => trueCaptions.includes(caption))).toEqual([]);
      expect(readingsOf(trueCaptions).map(({ relation }) => relation)).toEqual(['left', 'above']);
    }
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
