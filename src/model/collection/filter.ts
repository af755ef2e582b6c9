import { quoted, toStored } from './tables.js';

/** Which pictures of a collection are meant. */
export interface Filter {
  /** Those below this folder: a path below the root with a slash at its end, or empty. */
  readonly below?: string;
  /** Last changed at this time or later, or before this one: milliseconds since 1970. */
  readonly after?: number;
  readonly before?: number;
  /** Shorter side in pixels, at least. */
  readonly minSide?: number;
  /** Bytes, at least and at most. */
  readonly minBytes?: number;
  readonly maxBytes?: number;
}

/** A filter as the store's condition; undefined where all are meant. */
export function conditionOf({ below = '', after, before, minSide, minBytes, maxBytes }: Filter): string | undefined {
  const conditions = [
    below !== '' && `starts_with(path, ${quoted(toStored(below))})`,
    after !== undefined && `mtime >= ${nanoseconds(after)}`,
    before !== undefined && `mtime < ${nanoseconds(before)}`,
    minSide !== undefined && `width >= ${minSide} AND height >= ${minSide}`,
    minBytes !== undefined && `size >= ${minBytes}`,
    maxBytes !== undefined && `size <= ${maxBytes}`,
  ].filter((condition) => condition !== false);
  return conditions.length === 0 ? undefined : conditions.join(' AND ');
}

const nanoseconds = (milliseconds: number): bigint => BigInt(Math.round(milliseconds)) * 1_000_000n;
