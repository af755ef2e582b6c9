import type { Random } from '../../base/random.js';
import type { Group, SceneContent } from './content.js';
import {
  asPair,
  type Claimed,
  longestCaption,
  type NamedSize,
  nounPhrase,
  onBackground,
  pairPhrases,
  trueCaptions,
} from './grammar.js';
import { BACKGROUNDS, NUMBERS, THINGS } from './things.js';

/** Hard negatives of a scene. */
export const NEGATIVES = 9;

/** How many of each kind are made, of which `NEGATIVES` are drawn. */
const POOL = { backgrounds: 3, things: 7, partners: 4 } as const;

/**
 * Captions that are false by one change to the longest true one: another thing, number, background, relation or order.
 * Sorted, so that their order says nothing.
 * @param captions all that are true of the picture, which may also be read in another way
 */
export function hardNegatives(content: SceneContent, captions: readonly string[], random: Random): string[] {
  const phrases = content.relation === null ? ofOneGroup(content, random) : ofPair(content, random);
  const wrong = phrases.map((phrase) => onBackground(phrase, content.background));
  const right = positivePhrase(content);
  const backgrounds = [...BACKGROUNDS.keys()].filter((name) => name !== content.background);
  for (const background of random.some(backgrounds, POOL.backgrounds)) wrong.push(onBackground(right, background));
  const isFalse = (caption: string) => !captions.includes(caption);
  return random.some(wrong.filter(isFalse), NEGATIVES).sort();
}

/** The longest true caption without its background. */
function positivePhrase(content: SceneContent): string {
  const ending = onBackground('', content.background);
  return longestCaption(trueCaptions(content)).slice(0, -ending.length);
}

/** Other things than those of a scene. */
function others(groups: readonly Group[], count: number, random: Random): number[] {
  const rest = THINGS.map((_, thing) => thing).filter((thing) => groups.every((group) => group.thing !== thing));
  return random.some(rest, count);
}

function ofOneGroup({ groups, size }: SceneContent, random: Random): string[] {
  const { thing, count } = groups[0]!;
  const named: NamedSize | undefined = size === 'medium' || size === null ? undefined : size;
  const counts = [1, ...NUMBERS.keys()].filter((other) => other !== count);
  return [
    ...counts.map((other) => nounPhrase({ thing, count: other })),
    ...others(groups, POOL.things, random).map((other) => nounPhrase({ thing: other, count }, named)),
  ];
}

function ofPair(content: SceneContent, random: Random): string[] {
  const [first, second] = asPair(content.groups);
  const relation = content.relation!;
  const right = positivePhrase(content);
  // Which of the two orders is said is decided by length, and kept: the change must be the only one.
  const order = pairPhrases([first, second], relation).indexOf(right);
  const say = (pair: readonly [Group, Group], claims: Claimed) => pairPhrases(pair, claims)[order]!;
  const other: Claimed = relation === 'left' ? 'above' : 'left';
  const replace = (group: Group) =>
    others(content.groups, POOL.partners, random).map((thing) => ({ thing, count: group.count }));
  return [
    say([second, first], relation),
    say([first, second], other),
    say([second, first], other),
    ...replace(first).map((changed) => say([changed, second], relation)),
    ...replace(second).map((changed) => say([first, changed], relation)),
  ];
}
