import { meaningLines, padEnd, truncate } from '../../layout.js';
import { painter } from '../../palette.js';
import type { Colors } from '../../terminal.js';
import { KEY_HELP } from '../keys.js';
import { MARKS, REASONS } from './theme.js';
import { outsideText } from './viewport.js';

/** What a token can fall by. */
const { live: _goesOn, finished: _ends, ...FALLS } = REASONS;
const WHY = Object.values(FALLS);
const BESIDE = 132;
const GAP = 4;

/**
 * The keys, and what the marks and reasons mean: beside each other where there is room.
 * @param scroll rows to leave out at the top, where there are more than fit
 */
export function helpLines(columns: number, rows: number, scroll: number, colors: Colors): string[] {
  const marks = `${MARKS.live} goes on  ${MARKS.finished} ends a caption  ${MARKS.pruned} falls, and why:`;
  const half = columns >= BESIDE ? Math.floor((columns - GAP) / 2) : columns;
  const { bold, dim } = painter(colors);
  const keys = meaningLines(KEY_HELP, half, bold);
  const why = [truncate(marks, half), ...meaningLines(WHY, half, bold)];
  if (half < columns) {
    return Array.from(
      { length: Math.min(rows, Math.max(keys.length, why.length)) },
      (_, row) => `${padEnd(keys[row] ?? '', half + GAP)}${why[row] ?? ''}`,
    );
  }
  const all = [...keys, '', ...why];
  if (all.length <= rows) return all;
  const height = rows - 1;
  const first = Math.max(0, Math.min(scroll, all.length - height));
  const outside = outsideText(first, height, all.length);
  return [...all.slice(first, first + height), dim(truncate(`${outside} (up, down)`, columns))];
}

/** Rows that the help takes where there is room for all of it. */
export const helpHeight = (columns: number): number =>
  columns >= BESIDE ? Math.max(KEY_HELP.length, WHY.length + 1) : KEY_HELP.length + WHY.length + 2;
