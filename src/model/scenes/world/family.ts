import type { Random } from '../../base/random.js';
import type { Group, SceneContent } from './content.js';
import { BACKGROUNDS, NUMBERS, THINGS } from './things.js';

/** How many scenes in a row make a family. */
export const FAMILY = 4;

/** Scenes that differ from the first one in one thing each, no two in the same. */
export interface Family {
  readonly contents: readonly SceneContent[];
  /** Whether one differs in its background: then all captions must name it, or some would be true of others. */
  readonly differInBackground: boolean;
}

/** All four arrangements of a pair's groups, as captions tell them apart. */
export function arrangementsOf(base: SceneContent): readonly SceneContent[] {
  const orders = [base.groups, [...base.groups].reverse()];
  return orders.flatMap((groups) => (['left', 'above'] as const).map((relation) => ({ ...base, groups, relation })));
}

type Change = (base: SceneContent, random: Random, mayPair: (a: number, b: number) => boolean) => SceneContent;

const CHANGES_OF_PAIRS: Readonly<Record<string, Change>> = {
  places: (base) => ({ ...base, groups: [...base.groups].reverse() }),
  relation: (base) => ({ ...base, relation: base.relation === 'left' ? 'above' : 'left' }),
  first: (base, random, mayPair) => withGroup(base, 0, { thing: otherThing(base, random, mayPair) }),
  second: (base, random, mayPair) => withGroup(base, 1, { thing: otherThing(base, random, mayPair, 1) }),
  // At most one of a pair's groups has several.
  count: (base, random) => {
    const several = base.groups.findIndex(({ count }) => count > 1);
    return withCount(base, several < 0 ? random.below(2) : several, [1, 2, 3], random);
  },
};

const CHANGES_OF_ONE: Readonly<Record<string, Change>> = {
  thing: (base, random, mayPair) => withGroup(base, 0, { thing: otherThing(base, random, mayPair) }),
  count: (base, random) => withCount(base, 0, [1, ...NUMBERS.keys()], random),
};

/** From small to large or back: a caption of a medium thing says nothing of its size, and would be true of both. */
const SIZE: Change = (base) => ({ ...base, size: base.size === 'small' ? 'large' : 'small' });

const BACKGROUND: Change = (base, random) => ({
  ...base,
  background: random.pick([...BACKGROUNDS.keys()].filter((name) => name !== base.background)),
});

/**
 * A scene and others that differ from it in one thing: what hard negatives are to a caption. Contrastive learning has
 * no use for places, numbers and backgrounds as long as every picture of a batch shows other things.
 * @param mayPair whether two things may share a picture
 */
export function familyOf(base: SceneContent, random: Random, mayPair: (a: number, b: number) => boolean): Family {
  const changes: Readonly<Record<string, Change>> = {
    ...(base.relation === null ? CHANGES_OF_ONE : CHANGES_OF_PAIRS),
    ...((base.size === 'small' || base.size === 'large') && { size: SIZE }),
    background: BACKGROUND,
  };
  const chosen = random.some(Object.keys(changes), FAMILY - 1);
  const contents = [base, ...chosen.map((change) => changes[change]!(base, random, mayPair))];
  return { contents, differInBackground: chosen.includes('background') };
}

function withGroup(base: SceneContent, place: number, change: Partial<Group>): SceneContent {
  return { ...base, groups: base.groups.map((group, i) => (i === place ? { ...group, ...change } : group)) };
}

function withCount(base: SceneContent, place: number, counts: readonly number[], random: Random): SceneContent {
  const before = base.groups[place]!.count;
  const changed = withGroup(base, place, { count: random.pick(counts.filter((count) => count !== before)) });
  const isSingle = changed.relation === null && changed.groups[0]!.count === 1;
  return { ...changed, size: isSingle ? 'medium' : null };
}

/** Another thing in the place of one, beside the one that stays. */
function otherThing(
  { groups }: SceneContent,
  random: Random,
  mayPair: (a: number, b: number) => boolean,
  place = 0,
): number {
  const staying = groups[1 - place]?.thing;
  for (;;) {
    const thing = random.below(THINGS.length);
    if (groups.some((group) => group.thing === thing)) continue;
    if (staying === undefined || mayPair(thing, staying)) return thing;
  }
}
