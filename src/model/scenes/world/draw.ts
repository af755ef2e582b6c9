import { Random } from '../../base/random.js';
import { otherReading } from './ambiguous.js';
import { type Group, kindOf, type Relation, type SceneContent, type SceneKind, SIZES, type Size } from './content.js';
import { arrangementsOf, FAMILY, familyOf } from './family.js';
import { asPair, longestCaption, onBackground, pairPhrases, trueCaptions } from './grammar.js';
import { isHeldOut } from './held-out.js';
import { layOut, type Placement } from './layout.js';
import { kinship, type SceneMix, UNMIXED } from './mix.js';
import { hardNegatives } from './negatives.js';
import { BACKGROUNDS, type Rgb, THINGS } from './things.js';
import { type Says, trainingCaption, USUALLY_SAYS } from './training-caption.js';

/** Shares of the kinds of scenes; what is left are pairs. */
const SHARE: Readonly<Record<Exclude<SceneKind, 'pair'>, number>> = { single: 0.25, count: 0.17 };
/** Of pairs, those in which one thing is there several times. */
const SEVERAL = 0.18;

/** How the background is painted: a colour, and a gradient that all channels share. */
export interface Paint {
  readonly colour: Rgb;
  readonly axis: 'x' | 'y';
  /** What is added to the colour at the left or upper edge, and at the other one. */
  readonly from: number;
  readonly to: number;
}

const TINT = 14;
const GRADIENT = 14;

/** A scene before it is painted. */
export interface DrawnScene {
  readonly content: SceneContent;
  readonly placements: readonly Placement[];
  readonly paint: Paint;
  /** One true caption, as training hears it. */
  readonly caption: string;
}

export interface DrawOptions {
  /** Pairs are only such as training never shows; otherwise only such as it shows. */
  readonly heldOut?: boolean;
  /** How scenes in a row are related, and what captions say; by default nothing of it, each scene by itself. */
  readonly mix?: SceneMix;
}

/** Scene number `index` of a seed. It depends on nothing else: not on how many are made, in which order or by whom. */
export function drawScene(seed: number, index: number, options: DrawOptions = {}): DrawnScene {
  return begin(seed, index, options).scene;
}

/** The scene with all that a test set says of it. */
export interface DescribedScene extends DrawnScene {
  readonly trueCaptions: readonly string[];
  readonly longest: string;
  readonly hardNegatives: readonly string[];
}

/** The same scene as `drawScene`, with all that can be said of it. */
export function describeScene(seed: number, index: number, options: DrawOptions = {}): DescribedScene {
  const { scene, random } = begin(seed, index, options);
  const other = otherReading(scene.content, scene.placements);
  const readings = other ? [scene.content, other] : [scene.content];
  const captions = [...new Set(readings.flatMap(trueCaptions))];
  const longest = longestCaption(captions);
  const told = readings.find((reading) => trueCaptions(reading).includes(longest))!;
  return { ...scene, trueCaptions: captions, longest, hardNegatives: hardNegatives(told, captions, random) };
}

function begin(seed: number, index: number, options: DrawOptions): { scene: DrawnScene; random: Random } {
  const random = new Random(seed, index);
  const { ambiguous } = options.mix ?? UNMIXED;
  const { content, says, isTold } = toPaint(seed, index, random, options);
  let placements = layOut(content, random);
  // Beside its relatives a pair's relation is what tells it: their captions would be true of it as well.
  while (isTold && otherReading(content, placements)) placements = layOut(content, random);
  const paint = drawPaint(content.background, random);
  // A number is drawn only where it matters, so that scenes stay what they were without it.
  const isPlain = ambiguous > 0 && otherReading(content, placements) !== undefined && random.chance(ambiguous);
  const caption = isPlain ? plainCaption(content, random, says) : trainingCaption(content, random, says);
  return { scene: { content, placements, paint, caption }, random };
}

/** A pair without a relation. */
function plainCaption({ groups, background }: SceneContent, random: Random, says: Says): string {
  const [phrase] = pairPhrases(asPair(groups), 'together');
  return random.chance(says.background) ? onBackground(phrase, background) : phrase;
}

/** What a scene shows, what its caption says of it, and whether its relation must be plain to see. */
function toPaint(
  seed: number,
  index: number,
  random: Random,
  { heldOut = false, mix = UNMIXED }: DrawOptions,
): { readonly content: SceneContent; readonly says: Says; readonly isTold: boolean } {
  const four = Math.floor(index / FAMILY);
  const { longest } = mix;
  const kin = kinship(mix, four);
  if (kin === 'unrelated')
    return { content: drawContent(random, heldOut), says: { ...USUALLY_SAYS, longest }, isTold: false };
  // All members of a family draw it from the stream of its first one, which goes on with it.
  const first = index % FAMILY === 0 ? random : new Random(seed, four * FAMILY);
  const exact = { ...USUALLY_SAYS, relation: 1, size: 1, longest };
  if (kin === 'arrangements') {
    const contents = arrangementsOf(drawContent(first, heldOut, 'pair'));
    return { content: contents[index % FAMILY]!, says: exact, isTold: true };
  }
  const base = drawContent(first, heldOut);
  const { contents, differInBackground } = familyOf(base, first, (a, b) => isHeldOut(a, b) === heldOut);
  const says = differInBackground ? { ...exact, background: 1 } : exact;
  return { content: contents[index % FAMILY]!, says, isTold: mix.ambiguous > 0 };
}

/** @param only a kind that is wanted, instead of any */
function drawContent(random: Random, heldOut: boolean, only?: 'pair'): SceneContent {
  const groups = only === 'pair' ? drawPairOfGroups(random, heldOut) : drawGroups(random, heldOut);
  const kind = kindOf(groups);
  return {
    groups,
    relation: kind === 'pair' ? random.pick<Relation>(['left', 'above']) : null,
    size: kind === 'single' ? random.pick<Size>(SIZES) : null,
    background: random.pick([...BACKGROUNDS.keys()]),
  };
}

function drawGroups(random: Random, heldOut: boolean): Group[] {
  const kind = random.unit();
  const thing = random.below(THINGS.length);
  if (kind < SHARE.single) return [{ thing, count: 1 }];
  if (kind < SHARE.single + SHARE.count) return [{ thing, count: 2 + random.below(3) }];
  return drawPairOfGroups(random, heldOut);
}

function drawPairOfGroups(random: Random, heldOut: boolean): Group[] {
  const [first, second] = drawPair(random, heldOut);
  const counts = random.chance(SEVERAL) ? random.some([1, 2 + random.below(2)], 2) : [1, 1];
  return [
    { thing: first, count: counts[0]! },
    { thing: second, count: counts[1]! },
  ];
}

function drawPair(random: Random, heldOut: boolean): [number, number] {
  for (;;) {
    const pair: [number, number] = [random.below(THINGS.length), random.below(THINGS.length)];
    if (pair[0] !== pair[1] && isHeldOut(...pair) === heldOut) return pair;
  }
}

function drawPaint(background: string, random: Random): Paint {
  const [red, green, blue] = BACKGROUNDS.get(background)!;
  const tinted = (value: number) => value + random.between(-TINT, TINT);
  return {
    colour: [tinted(red), tinted(green), tinted(blue)],
    axis: random.pick(['x', 'y'] as const),
    from: random.between(-GRADIENT, 0),
    to: random.between(0, GRADIENT),
  };
}
