/** Kinds of heads. */
export const HEADS = ['linear', 'pooler'] as const;
export type HeadKind = (typeof HEADS)[number];

/** Whose queries a pooler has: one for all classes, or one for each. */
export const QUERIES = ['one', 'class'] as const;
export type Queries = (typeof QUERIES)[number];
