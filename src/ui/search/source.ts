import type { Raster } from '../picture/raster.js';

/** A picture that was found, as it is shown. */
export interface ShownPicture {
  readonly name: string;
  readonly score: string;
  /** In pieces, those that the query has told apart. */
  readonly caption: readonly { readonly text: string; readonly isFound: boolean }[] | undefined;
}

/** What the view of a search may ask. */
export interface SearchSource {
  readonly query: string;
  readonly pictures: readonly ShownPicture[];
  /** A thumbnail; undefined where the picture cannot be read any more. */
  readonly thumbnail: (at: number) => Promise<Raster | undefined>;
  /**
   * Opens a picture's file with the program of its kind.
   * @returns what to say of it
   */
  readonly openFile: (at: number) => Promise<string>;
}

const LETTERS = /[\p{L}\p{N}]+/gu;
/** Shorter words are told apart only whole. */
const SHORTEST_STEM = 3;

/**
 * A caption in pieces: words that a query has, in another ending too.
 * @param query a text
 */
export function markWords(
  caption: string,
  query: string,
): readonly { readonly text: string; readonly isFound: boolean }[] {
  const wanted = (query.toLowerCase().match(LETTERS) ?? []) as readonly string[];
  const isWanted = (word: string) =>
    wanted.some((other) => {
      const [short, long] = word.length < other.length ? [word, other] : [other, word];
      const isEnding = short.length >= SHORTEST_STEM && long.length - short.length <= SHORTEST_STEM;
      return short === long || (isEnding && long.startsWith(short));
    });
  const pieces: { text: string; isFound: boolean }[] = [];
  let at = 0;
  for (const match of caption.matchAll(LETTERS)) {
    if (!isWanted(match[0].toLowerCase())) continue;
    if (match.index > at) pieces.push({ text: caption.slice(at, match.index), isFound: false });
    pieces.push({ text: match[0], isFound: true });
    at = match.index + match[0].length;
  }
  if (at < caption.length) pieces.push({ text: caption.slice(at), isFound: false });
  return pieces;
}
