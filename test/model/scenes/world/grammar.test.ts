import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SceneContent } from '../../../../src/model/scenes/world/content.js';
import {
  contentOf,
  isTrue,
  judge,
  longestCaption,
  parseCaption,
  trueCaptions,
} from '../../../../src/model/scenes/world/grammar.js';
import { isHeldOut } from '../../../../src/model/scenes/world/held-out.js';
import { BACKGROUNDS, THINGS } from '../../../../src/model/scenes/world/things.js';
import { fixture } from '../../../support/golden.js';

interface Sample {
  readonly background: string;
  readonly relation: SceneContent['relation'];
  readonly size: SceneContent['size'];
  readonly groups: readonly { readonly object: string; readonly count: number }[];
  readonly caption: string;
  readonly true_captions: readonly string[];
  readonly hard_negatives: readonly string[];
}

const samples: readonly Sample[] = JSON.parse(readFileSync(fixture('scenes/scenes.json'), 'utf8'));
const thing = (name: string) => THINGS.findIndex(({ singular }) => singular === name);
const contentOfSample = ({ groups, relation, size, background }: Sample): SceneContent => ({
  groups: groups.map(({ object, count }) => ({ thing: thing(object), count })),
  relation,
  size,
  background,
});

describe('the grammar, on the 48 samples of the reference', () => {
  it('derives exactly the captions that the samples list, in their order', () => {
    for (const sample of samples) expect(trueCaptions(contentOfSample(sample))).toEqual(sample.true_captions);
  });

  it('finds the longest', () => {
    for (const sample of samples) expect(longestCaption(sample.true_captions)).toBe(sample.caption);
  });

  it('holds all listed captions for true and all negatives for false', () => {
    for (const sample of samples) {
      const content = contentOfSample(sample);
      expect(sample.true_captions.filter((caption) => !isTrue(caption, content))).toEqual([]);
      expect(sample.hard_negatives.filter((caption) => isTrue(caption, content))).toEqual([]);
    }
    // False, but sentences of the grammar. In one the reference replaced a thing by its own partner: no scene has that.
    const negatives = samples.flatMap(({ hard_negatives }) => hard_negatives);
    expect(negatives.filter((caption) => !parseCaption(caption))).toEqual([
      'a purple circle to the right of a purple circle on a blue background',
    ]);
  });

  it('reads the scene back from its longest caption', () => {
    for (const sample of samples) expect(contentOf(sample.caption)).toEqual(contentOfSample(sample));
  });

  it('agrees with them on which pairs are held out', () => {
    const pairs = samples.filter(({ groups }) => groups.length === 2);
    expect(pairs).toHaveLength(29);
    for (const { groups } of pairs) expect(isHeldOut(thing(groups[0]!.object), thing(groups[1]!.object))).toBe(true);
  });
});

describe('captions by hand', () => {
  const dogLeftOfTwoCats: SceneContent = {
    groups: [
      { thing: thing('dog'), count: 1 },
      { thing: thing('cat'), count: 2 },
    ],
    relation: 'left',
    size: null,
    background: 'orange',
  };

  it.each([
    ['a dog to the left of two cats on an orange background', true],
    ['two cats to the right of a dog', true],
    ['two cats next to a dog', true],
    ['two cats and a dog on an orange background', true],
    ['two cats to the left of a dog', false], // order
    ['a dog to the right of two cats', false],
    ['a dog above two cats', false], // relation
    ['a dog to the left of a cat', false], // count
    ['a dog to the left of two cows', false], // thing
    ['a dog and two cats on a red background', false], // background
    ['a dog', false], // not all that is there
    ['a small dog to the left of two cats', false], // pairs name no size
    ['a dog and two cats on a orange background', false], // article
    ['a dog to the left of two cat', false], // plural
    ['A dog and two cats', false],
    ['a dog and two cats ', false],
    ['', false],
  ])('%s: %s', (caption, truth) => {
    expect(isTrue(caption, dogLeftOfTwoCats)).toBe(truth);
  });

  it('says which part is wrong', () => {
    const verdict = (caption: string) => judge(parseCaption(caption)!, dogLeftOfTwoCats);
    const right = { things: true, counts: true, relation: true, size: true, background: true };
    expect(verdict('a dog to the left of a cat')).toEqual({ ...right, counts: false });
    expect(verdict('two cats above a dog on a red background')).toEqual({
      ...right,
      relation: false,
      background: false,
    });
    expect(verdict('a dog and a cow')).toEqual({ ...right, things: false, counts: false, relation: false });
  });

  it('names the size of small and large things only', () => {
    const apple = (size: 'small' | 'medium' | 'large'): SceneContent => ({
      groups: [{ thing: thing('apple'), count: 1 }],
      relation: null,
      size,
      background: 'blue',
    });
    expect(trueCaptions(apple('medium'))).toEqual(['an apple', 'an apple on a blue background']);
    expect(trueCaptions(apple('large'))).toContain('a large apple on a blue background');
    expect(isTrue('a small apple', apple('large'))).toBe(false);
    expect(parseCaption('a medium apple')).toBeUndefined();
  });
});

const content: fc.Arbitrary<SceneContent> = fc
  .record({
    things: fc.uniqueArray(fc.integer({ min: 0, max: THINGS.length - 1 }), { minLength: 2, maxLength: 2 }),
    kind: fc.constantFrom('single', 'count', 'pair'),
    count: fc.integer({ min: 2, max: 4 }),
    several: fc.boolean(),
    relation: fc.constantFrom('left' as const, 'above' as const),
    size: fc.constantFrom('small' as const, 'medium' as const, 'large' as const),
    background: fc.constantFrom(...BACKGROUNDS.keys()),
  })
  .map(({ things, kind, count, several, relation, size, background }) => {
    const [first, second] = things as [number, number];
    if (kind === 'single') return { groups: [{ thing: first, count: 1 }], relation: null, size, background };
    if (kind === 'count') return { groups: [{ thing: first, count }], relation: null, size: null, background };
    const groups = [
      { thing: first, count: 1 },
      { thing: second, count: several ? count : 1 },
    ];
    return { groups, relation, size: null, background };
  });

describe('truth is derivation', () => {
  it('a caption of one scene is true of another if and only if the other derives it too', () => {
    // Things from a small range, so that scenes are often alike in most respects.
    const near = fc.tuple(content, content).map(([a, b]) => {
      const same = b.groups.map((group, i) => ({ ...group, thing: a.groups[i]?.thing ?? group.thing }));
      return [a, { ...b, groups: same, background: b.size === 'small' ? a.background : b.background }] as const;
    });
    fc.assert(
      fc.property(near, ([a, b]) => {
        const ofB = new Set(trueCaptions(b));
        for (const caption of trueCaptions(a)) expect(isTrue(caption, b)).toBe(ofB.has(caption));
      }),
      { numRuns: 500 },
    );
  });
});
