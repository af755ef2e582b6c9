/** What the weights of large products are kept in. */
export const PRECISIONS = ['fp32', 'int8', 'int4'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** How a matrix is quantised: each row in blocks of neighbouring weights, which share a scale. */
export interface BlockFormat {
  readonly bits: 8 | 4;
  /** Weights of a block: a power of two. */
  readonly block: number;
}

/** Chosen by speed and by what the captions lose: docs/performance.md has the figures. */
export const BLOCK_FORMATS: Readonly<Record<Exclude<Precision, 'fp32'>, BlockFormat>> = {
  int8: { bits: 8, block: 64 },
  int4: { bits: 4, block: 32 },
};
