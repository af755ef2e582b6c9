/** So many of one thing. */
export interface Group {
  /** Index in `THINGS`. */
  readonly thing: number;
  readonly count: number;
}

/** How the first group of a pair lies to the second. */
export type Relation = 'left' | 'above';

export const SIZES = ['small', 'medium', 'large'] as const;
export type Size = (typeof SIZES)[number];

/** What a scene shows, as far as captions can speak of it. */
export interface SceneContent {
  /** One group, or two of different things. */
  readonly groups: readonly Group[];
  /** Of a pair, else null. */
  readonly relation: Relation | null;
  /** Of a single thing, else null. */
  readonly size: Size | null;
  /** A name in `BACKGROUNDS`. */
  readonly background: string;
}

export type SceneKind = 'single' | 'count' | 'pair';

export function kindOf(groups: readonly { readonly count: number }[]): SceneKind {
  if (groups.length > 1) return 'pair';
  return groups[0]!.count > 1 ? 'count' : 'single';
}
