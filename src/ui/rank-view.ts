import { percentText } from './caption-view.js';
import { bar, padEnd, widthOf, wrap } from './layout.js';
import { painter } from './palette.js';
import type { Colors } from './terminal.js';
import { visible } from './text.js';

/** One ranked caption; a figure that was not asked for is null. */
export interface RankRow {
  readonly rank: number;
  readonly caption: string;
  readonly cosine: number | null;
  readonly probability: number | null;
  readonly logprob: number | null;
}

/** Bars are as long as captions leave room for, but not less than this, and not so long that they are all that is seen. */
const WIDE_BAR = 24;
const NARROW_BAR = 8;
const NARROW_BELOW = 72;
const MOST_OF_WIDTH = 0.5;

/**
 * A table of ranked captions, best first: bar, probability, figures, and the caption last, so that it can wrap.
 * @param what the rows are called
 */
export function rankLines(rows: readonly RankRow[], columns: number, colors: Colors, what = 'caption'): string[] {
  const paint = painter(colors);
  const hasProbability = rows.some((row) => row.probability !== null);
  const hasCosine = rows.some((row) => row.cosine !== null);
  const hasLogprob = rows.some((row) => row.logprob !== null);
  const rankWidth = String(rows.length).length;
  const longest = Math.max(...rows.map(({ caption }) => widthOf(visible(caption))));
  const figures = rankWidth + (hasProbability ? 9 : 0) + (hasCosine ? 8 : 0) + (hasLogprob ? 9 : 0) + 1;
  const barWidth = barWidthOf(columns, columns - figures - longest);
  const cells = (rank: string, filled: string, probability: string, cosine: string, logprob: string): string =>
    [
      rank.padStart(rankWidth),
      ...(hasProbability ? [padEnd(filled, barWidth), probability.padStart(7)] : []),
      ...(hasCosine ? [cosine.padStart(7)] : []),
      ...(hasLogprob ? [logprob.padStart(8)] : []),
      '',
    ].join(' ');
  const header = cells('', '', 'prob.', 'cosine', 'log p/t');
  const room = columns - header.length;
  const isTight = room < NARROW_BAR;
  const body = rows.flatMap((row) => {
    const fixed = cells(
      String(row.rank),
      bar(row.probability ?? 0, barWidth),
      row.probability === null ? '' : percentText(row.probability),
      row.cosine === null ? '' : row.cosine.toFixed(3),
      row.logprob === null ? '' : row.logprob.toFixed(3),
    );
    // No room beside the figures: the caption goes below them.
    const lines = wrap(visible(row.caption), isTight ? columns : room);
    const shown = row.rank === 1 ? paint.cyan(fixed) : fixed;
    if (isTight) return [shown.trimEnd(), ...lines];
    const first = row.rank === 1 ? paint.bold(lines[0]!) : lines[0]!;
    return [shown + first, ...lines.slice(1).map((line) => ' '.repeat(header.length) + line)];
  });
  return [paint.dim(isTight ? header.trimEnd() : `${header}${what}`), ...body];
}

/** @param left columns that the captions leave */
function barWidthOf(columns: number, left: number): number {
  const least = columns < NARROW_BELOW ? NARROW_BAR : WIDE_BAR;
  return Math.max(least, Math.min(left, Math.floor(columns * MOST_OF_WIDTH)));
}
