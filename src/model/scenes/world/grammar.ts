import type { Group, Relation, SceneContent, Size } from './content.js';
import { BACKGROUNDS, NUMBERS, THINGS } from './things.js';

/** Sizes that captions name: a single thing of medium size is only "a THING". */
const NAMED_SIZES = ['small', 'large'] as const;
export type NamedSize = (typeof NAMED_SIZES)[number];

/** "a" or "an". */
export const article = (word: string): string => (/^[aeiou]/.test(word) ? 'an' : 'a');

/** "a dog", "two dogs", "a small dog". */
export function nounPhrase({ thing, count }: Group, size?: NamedSize): string {
  const { singular, plural } = THINGS[thing]!;
  if (count > 1) return `${NUMBERS.get(count)} ${plural}`;
  const noun = size ? `${size} ${singular}` : singular;
  return `${article(noun)} ${noun}`;
}

/** What a pair's caption says of its groups: a relation of the first to the second, or less. */
export type Claimed = Relation | 'beside' | 'together';

/** The words between two noun phrases; `swapped` where they say it of the second and the first. */
const CONNECTIVES: readonly { readonly words: string; readonly claims: Claimed; readonly swapped: boolean }[] = [
  { words: 'and', claims: 'together', swapped: false },
  { words: 'to the left of', claims: 'left', swapped: false },
  { words: 'to the right of', claims: 'left', swapped: true },
  { words: 'above', claims: 'above', swapped: false },
  { words: 'below', claims: 'above', swapped: true },
  { words: 'next to', claims: 'beside', swapped: false },
];

/** Both orders of saying that two groups stand in a relation. */
export function pairPhrases([first, second]: readonly [Group, Group], claims: Claimed): [string, string] {
  const between = (swapped: boolean): string =>
    (CONNECTIVES.find((one) => one.claims === claims && one.swapped === swapped) ??
      CONNECTIVES.find((one) => one.claims === claims))!.words;
  const [a, b] = [nounPhrase(first), nounPhrase(second)];
  return [`${a} ${between(false)} ${b}`, `${b} ${between(true)} ${a}`];
}

export const onBackground = (phrase: string, background: string): string =>
  `${phrase} on ${article(background)} ${background} background`;

const isNamed = (size: Size | null): size is NamedSize => NAMED_SIZES.some((named) => named === size);

export const asPair = (groups: readonly Group[]): readonly [Group, Group] => [groups[0]!, groups[1]!];

/** What can be said of a scene without its background, from the least to the most. */
function phrases({ groups, relation, size }: SceneContent): string[] {
  if (relation === null) {
    const plain = nounPhrase(groups[0]!);
    return isNamed(size) ? [plain, nounPhrase(groups[0]!, size)] : [plain];
  }
  const claims: Claimed[] = relation === 'left' ? ['together', 'left', 'beside'] : ['together', 'above'];
  return claims.flatMap((claim) => pairPhrases(asPair(groups), claim));
}

/** Every caption that is true of a scene: all that the grammar derives from it. */
export function trueCaptions(content: SceneContent): string[] {
  return phrases(content).flatMap((phrase) => [phrase, onBackground(phrase, content.background)]);
}

/** The caption that says most, by its length; the first of equals. */
export function longestCaption(captions: readonly string[]): string {
  return captions.reduce((longest, caption) => (caption.length > longest.length ? caption : longest));
}

/** What a caption says. A pair's groups are in the order that `claimed` speaks of. */
export interface Claim {
  readonly groups: readonly Group[];
  /** Of a pair, else null. */
  readonly claimed: Claimed | null;
  readonly size: NamedSize | null;
  readonly background: string | null;
}

type Noun = Pick<Claim, 'size'> & { readonly group: Group };

/** Every noun phrase there is, by its words. */
const NOUNS: ReadonlyMap<string, Noun> = new Map(
  THINGS.flatMap((_, thing): Noun[] => {
    const single = { thing, count: 1 };
    return [
      { group: single, size: null },
      ...NAMED_SIZES.map((size) => ({ group: single, size })),
      ...[...NUMBERS.keys()].map((count) => ({ group: { thing, count }, size: null })),
    ];
  }).map((noun) => [nounPhrase(noun.group, noun.size ?? undefined), noun]),
);

const BACKGROUND = new RegExp(` on (an?) (${[...BACKGROUNDS.keys()].join('|')}) background$`);

/** Reads a caption; undefined for whatever the grammar does not derive, a wrong article included. */
export function parseCaption(caption: string): Claim | undefined {
  const ending = BACKGROUND.exec(caption);
  if (ending && ending[1] !== article(ending[2]!)) return undefined;
  const background = ending?.[2] ?? null;
  const phrase = ending ? caption.slice(0, ending.index) : caption;
  const noun = NOUNS.get(phrase);
  if (noun) return { groups: [noun.group], claimed: null, size: noun.size, background };
  for (const { words, claims, swapped } of CONNECTIVES) {
    const at = phrase.indexOf(` ${words} `);
    if (at < 0) continue;
    const first = NOUNS.get(phrase.slice(0, at));
    const second = NOUNS.get(phrase.slice(at + words.length + 2));
    if (!first || !second || first.size || second.size || first.group.thing === second.group.thing) return undefined;
    const groups = swapped ? [second.group, first.group] : [first.group, second.group];
    return { groups, claimed: claims, size: null, background };
  }
  return undefined;
}

/** Which parts of a claim hold for a scene; a part that the caption does not speak of holds. */
export interface Verdict {
  /** The things named are those that are there, in whatever number and order. */
  readonly things: boolean;
  /** Each in its number; false where the things are not right. */
  readonly counts: boolean;
  /** The relation, in the right order; false where the things are not right. */
  readonly relation: boolean;
  readonly size: boolean;
  readonly background: boolean;
}

export function judge(claim: Claim, content: SceneContent): Verdict {
  const countOf = (groups: readonly Group[], wanted: number) => groups.find(({ thing }) => thing === wanted)?.count;
  const things =
    claim.groups.length === content.groups.length &&
    claim.groups.every(({ thing }) => countOf(content.groups, thing) !== undefined);
  const inOrder = claim.groups[0]!.thing === content.groups[0]!.thing;
  return {
    things,
    counts: things && claim.groups.every(({ thing, count }) => countOf(content.groups, thing) === count),
    relation: things && holds(claim.claimed, content.relation, inOrder),
    size: claim.size === null || claim.size === content.size,
    background: claim.background === null || claim.background === content.background,
  };
}

function holds(claimed: Claimed | null, relation: Relation | null, inOrder: boolean): boolean {
  if (claimed === null || claimed === 'together') return true;
  if (claimed === 'beside') return relation === 'left';
  return claimed === relation && inOrder;
}

/** Whether a caption is true of a scene: whether the grammar derives the one from the other. */
export function isTrue(caption: string, content: SceneContent): boolean {
  const claim = parseCaption(caption);
  return claim !== undefined && Object.values(judge(claim, content)).every(Boolean);
}

/**
 * The scenes that captions describe which are all that is true of one picture: one, or two where a pair can be read either way.
 * Empty for captions of another world.
 */
export function readingsOf(captions: readonly string[]): readonly SceneContent[] {
  const longest = (['left', 'above', null] as const).map((relation) =>
    captions.filter((caption) => {
      const content = contentOf(caption);
      return content !== undefined && content.relation === relation;
    }),
  );
  return longest.filter(({ length }) => length > 0).map((some) => contentOf(longestCaption(some))!);
}

/** The scene that a longest caption describes, as far as captions can speak of it. */
export function contentOf(longest: string): SceneContent | undefined {
  const claim = parseCaption(longest);
  if (!claim || claim.background === null) return undefined;
  const { groups, claimed, size, background } = claim;
  if (claimed === 'beside' || claimed === 'together') return undefined;
  const unsized = groups.length > 1 || groups[0]!.count > 1;
  return { groups, relation: claimed, size: unsized ? null : (size ?? 'medium'), background };
}
