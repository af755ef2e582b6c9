import type { Precision } from '../../model/quantise/precision.js';

/** A picture that was found. */
export interface Found {
  readonly image: string;
  /** What pictures are ordered by: a cosine, or a sum of reciprocal ranks. */
  readonly score: number;
  /** Null where its embedding was not looked at. */
  readonly cosine: number | null;
  readonly caption: string | null;
}

/** What a search found, best first. */
export interface SearchResult {
  readonly query: string;
  readonly by: SearchBy;
  readonly results: readonly Found[];
  readonly model: string;
  readonly precision?: Precision;
}

/** What a text is compared with: embeddings of pictures, words of their captions, or both. */
export const SEARCH_BY = ['image', 'caption', 'both'] as const;
export type SearchBy = (typeof SEARCH_BY)[number];

export const searchObject = ({ query, by, results, ...model }: SearchResult): object => ({
  query,
  results: results.map(({ image, score, cosine, caption }) => ({
    image,
    score,
    caption,
    ...(by !== 'image' && { cosine }),
  })),
  by,
  ...model,
});
