import type { ShadedWord } from '../caption-view.js';
import type { Colors } from '../terminal.js';
import { linesPerRow, wordRows } from './words.js';

/** Where things go on a screen. Heights in rows, widths in columns. */
export interface AttendLayout {
  readonly columns: number;
  /** Of the whole frame: one row less than the terminal has, so that it never scrolls. */
  readonly height: number;
  /** The square is twice as many columns wide; 0 where there is no room for it. */
  readonly pictureRows: number;
  /** Facts stand beside the picture or below it. */
  readonly arrangement: 'beside' | 'below';
  readonly panelColumns: number;
  readonly panelRows: number;
  /** Rows of the picture and the facts together: what the grid and the help can fill. */
  readonly stageRows: number;
  readonly captionRows: number;
  /** Of the caption before something was erased, above the caption; 0 where there is none. */
  readonly beforeRows: number;
  readonly hasKeys: boolean;
}

const PANEL_COLUMNS = 25;
/** Facts below the picture are in their short form. */
const PANEL_ROWS_BELOW = 3;
const SMALLEST_PICTURE = 3;
const GAP = 2;

/** Columns before each of two captions, which tell them apart; none where there are few. */
export const captionLabel = (columns: number): number => (columns >= 40 ? 8 : 0);

/**
 * The arrangement that gives the larger picture, where there is to be one.
 * @param before the caption that stands above, where there is one
 */
export function layoutOf(
  { columns, rows }: { readonly columns: number; readonly rows: number },
  words: readonly ShadedWord[],
  colors: Colors,
  hasPicture: boolean,
  before: readonly ShadedWord[] = [],
): AttendLayout {
  const height = Math.max(1, rows - 1);
  const hasKeys = height >= 6;
  const share = before.length > 0 ? 6 : 4;
  const most = Math.max(1, Math.floor(height / share));
  const rowsOf = (caption: readonly ShadedWord[]): number => {
    const room = columns - (before.length > 0 ? captionLabel(columns) : 0);
    const needed = wordRows(caption, room, colors).length * linesPerRow(colors);
    return Math.min(needed, most >= linesPerRow(colors) ? most - (most % linesPerRow(colors)) : 1);
  };
  const captionRows = rowsOf(words);
  const beforeRows = before.length > 0 && height >= 6 ? rowsOf(before) : 0;
  // A blank row sets the caption apart where there is plenty.
  const above = height - captionRows - beforeRows - (hasKeys ? 1 : 0) - (height >= 16 ? 1 : 0);
  const beside = Math.min(above, Math.floor((columns - PANEL_COLUMNS - GAP) / 2));
  const below = Math.min(above - PANEL_ROWS_BELOW, Math.floor(columns / 2));
  const frame = { columns, height, captionRows, beforeRows, hasKeys, stageRows: Math.max(0, above) };
  if (!hasPicture || Math.max(beside, below) < SMALLEST_PICTURE) {
    return { ...frame, pictureRows: 0, arrangement: 'below', panelColumns: columns, panelRows: Math.max(0, above) };
  }
  if (beside >= below) {
    const panelColumns = columns - 2 * beside - GAP;
    return { ...frame, pictureRows: beside, arrangement: 'beside', panelColumns, panelRows: above };
  }
  const panelRows = above - below;
  return { ...frame, pictureRows: below, arrangement: 'below', panelColumns: columns, panelRows };
}
