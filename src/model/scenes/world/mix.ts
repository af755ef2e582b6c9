/**
 * How the scenes of a training are mixed, and how their captions put it. Every part is from 0 to 1; all of them 0 are scenes as they are
 * drawn for a test, each by itself.
 */
export interface SceneMix {
  /** Share of the scenes that come in families of four that differ in one thing each: what hard negatives are to a caption. */
  readonly families: number;
  /** Share of the scenes that come in fours with the same two things, in all four arrangements. With `families` at most 1. */
  readonly arrangements: number;
  /** How often a pair is said by its longest exact phrase, instead of any. */
  readonly longest: number;
  /** How often a pair that could be read either way (`readsEitherWay`) is said without a relation: "A and B". */
  readonly ambiguous: number;
  /** Of the scenes that are by themselves, the share that comes with a question about it and its answer in place of a caption. */
  readonly questions: number;
}

export const UNMIXED: SceneMix = { families: 0, arrangements: 0, longest: 0, ambiguous: 0, questions: 0 };

/** What four scenes in a row are to each other. */
export type Kinship = 'unrelated' | 'family' | 'arrangements';

/** What scenes 4 x `four` and the three after it are to each other: as regular as the shares allow, the first ones related. */
export function kinship({ families, arrangements }: SceneMix, four: number): Kinship {
  const related = families + arrangements;
  if (countBefore(related, four + 1) === countBefore(related, four)) return 'unrelated';
  const part = arrangements / related;
  const place = countBefore(related, four);
  return countBefore(part, place + 1) > countBefore(part, place) ? 'arrangements' : 'family';
}

/** How many of the first `count` have a property that a share of all has. */
function countBefore(share: number, count: number): number {
  // A product like 0.3 x 10 may be a hair above the whole number that it stands for.
  return Math.ceil(share * count - 1e-9);
}
