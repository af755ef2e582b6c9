import stringWidth from 'string-width';
import { hangingBy } from './hanging.js';

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Characters as a reader sees them, each with where it begins. */
export function graphemesOf(text: string): Iterable<Intl.SegmentData> {
  return segmenter.segment(text);
}

/** Columns that text takes on a terminal: wide characters two, combining marks none. */
export function widthOf(text: string): number {
  return stringWidth(text);
}

/** `text` with spaces after it up to `width` columns. */
export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/**
 * Breaks `text` (no control characters, no colours) into lines of at most `width` columns, at spaces where possible. Not with
 * wrap-ansi 9, which Ink brings: it cuts between code points, so flags, skin tones and families of emoji come apart.
 */
export function wrap(text: string, width: number): string[] {
  const room = Math.max(1, width);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const pieces = breakWord(word, room);
    for (const [i, piece] of pieces.entries()) {
      const joined = i === 0 && line !== '' ? `${line} ${piece}` : piece;
      if (line !== '' && (i > 0 || widthOf(joined) > room)) {
        lines.push(line);
        line = piece;
      } else line = joined;
    }
  }
  lines.push(line);
  return lines;
}

/** `hangingBy`, by columns of a terminal. */
export const hanging = (text: string, width: number, indent: number): string[] =>
  hangingBy(widthOf, text, width, indent);

/** A word in pieces that fit, cut between characters as a reader sees them. */
function breakWord(word: string, width: number): string[] {
  if (widthOf(word) <= width) return [word];
  const pieces: string[] = [];
  let piece = '';
  for (const { segment } of graphemesOf(word)) {
    if (piece !== '' && widthOf(piece + segment) > width) {
      pieces.push(piece);
      piece = segment;
    } else piece += segment;
  }
  pieces.push(piece);
  return pieces;
}

/**
 * `text` in at most `width` columns; what was cut shows as an ellipsis. Not with cli-truncate 5, which Ink brings: where the cut
 * falls into a wide character, its line is a column too wide.
 */
export function truncate(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width < 1) return '';
  let kept = '';
  for (const { segment } of graphemesOf(text)) {
    if (widthOf(kept + segment) > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** The end of `text` in at most `width` columns; what was cut before it shows as an ellipsis. */
export function truncateStart(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  if (width < 1) return '';
  let kept = '';
  for (const { segment } of [...graphemesOf(text)].reverse()) {
    if (widthOf(segment + kept) > width - 1) break;
    kept = segment + kept;
  }
  return `…${kept}`;
}

/** What keys or marks mean, in two columns. */
export function meaningLines(
  pairs: readonly (readonly [name: string, meaning: string])[],
  columns: number,
  bold: (text: string) => string,
): string[] {
  const width = Math.max(...pairs.map(([name]) => name.length)) + 2;
  return pairs.map(
    ([name, meaning]) =>
      `${bold(truncate(name.padEnd(width), columns))}${truncate(meaning, Math.max(0, columns - width))}`,
  );
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of `fraction` of `width` columns, to an eighth of a column. */
export function bar(fraction: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction)) * width * 8);
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!;
}
