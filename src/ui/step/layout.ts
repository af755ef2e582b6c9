import { hypothesesOf } from '../../model/stepper/line.js';
import { currentLine, pairOf, type Session } from '../../model/stepper/session.js';
import type { StepState } from './state.js';

/** Where things go on a screen, from the top down. Heights in rows, widths in columns. */
export interface StepLayout {
  readonly columns: number;
  /** Of the whole frame: one row less than the terminal has, so that it never scrolls. */
  readonly height: number;
  readonly hasHeader: boolean;
  readonly hasKeys: boolean;
  /** One a line of exploration, where there are several and there is room. */
  readonly lineRows: number;
  /** Between the sections. */
  readonly gapRows: number;
  /** Beams and panel stand one below the other, `left` columns wide; the picture stands to the right of both. */
  readonly left: number;
  readonly beamRows: number;
  readonly panelRows: number;
  /** The square is twice as many columns wide; 0 where there is none. */
  readonly pictureRows: number;
  /** The tree and what fell at the last step: beside each other, or one of them. */
  readonly lowerRows: number;
  readonly treeColumns: number;
  readonly fallenColumns: number;
  /** Of each of two trees side by side; 0 where there is one. */
  readonly pairColumns: number;
  /** Of what a change moved most, beside the candidates; 0 where it is not there. */
  readonly movedColumns: number;
}

/** What wants to be shown. */
export interface Wanted {
  readonly lines: number;
  /** Beams and finished captions, and at least as many as the search has beams: so that nothing moves as they come. */
  readonly hypotheses: number;
  /** A map over the picture is asked for; otherwise the picture is shown where there is plenty of room. */
  readonly isAttending: boolean;
  /** Whether pictures are drawn at all. */
  readonly hasPicture: boolean;
  /** Where there is room for both, the tree alone; where there is not, what fell in place of the tree. */
  readonly isOther: boolean;
  /** Two lines differ by a change: their trees stand side by side, unless it is `isOther`. */
  readonly isPaired: boolean;
}

export function wantedOf(session: Session, { isAttending, isOther }: StepState, hasPicture: boolean): Wanted {
  const line = currentLine(session);
  const { options, groups } = line.state;
  const width = options.strategy === 'beam' ? options.beams : groups.length;
  const hypotheses = Math.max(hypothesesOf(line).length, width);
  const isPaired = pairOf(session.walk) !== undefined;
  return { lines: session.walk.lines.length, hypotheses, isAttending, hasPicture, isOther, isPaired };
}

/** A title and nine candidates. */
const PANEL = 10;
const GAP = 2;
const SMALLEST_PICTURE = 4;
/** Beside the picture. */
const NARROWEST = 44;
/** From here on the picture is always there; the tree and what fell stand beside each other; sections stand apart. */
const PLENTY = { columns: 112, rows: 12 };
const BOTH_COLUMNS = 104;
/** From here on two trees stand side by side, and what moved beside the candidates. */
const PAIR_COLUMNS = 60;
const MOVED = { share: 0.5, most: 56 };
const FALLEN = { share: 0.4, most: 80 };
const GAPS_FROM = 34;
const MOST_LINES = 4;

export function layoutOf(columns: number, rows: number, wanted: Wanted): StepLayout {
  const height = Math.max(1, rows - 1);
  const hasHeader = height >= 5;
  const hasKeys = height >= 7;
  const lineRows = wanted.lines > 1 && height >= 16 ? Math.min(wanted.lines, MOST_LINES) : 0;
  const gapRows = height >= GAPS_FROM ? 1 : 0;
  const room = height - (hasHeader ? 1 : 0) - (hasKeys ? 1 : 0) - lineRows - 3 * gapRows;
  const pairColumns =
    wanted.isPaired && !wanted.isOther && columns >= PAIR_COLUMNS ? Math.floor((columns - GAP) / 2) : 0;
  const columnsBelow = { ...lowerColumns(columns, wanted), pairColumns, movedColumns: 0 };
  const base = { columns, height, hasHeader, hasKeys, lineRows, gapRows, ...columnsBelow };
  // Beams alone; then with what may follow; then the tree below.
  if (room < 8) return { ...base, left: columns, beamRows: room, panelRows: 0, pictureRows: 0, lowerRows: 0 };
  const beamRows = Math.min(wanted.hypotheses + 1, Math.max(3, Math.floor(room * 0.34)));
  const panelRows = room < 14 ? room - beamRows : Math.min(PANEL, Math.max(6, Math.floor(room * 0.34)));
  const lowerRows = room - beamRows - panelRows;
  const pictureRows = pictureSize(columns, beamRows + gapRows + panelRows, wanted);
  const left = pictureRows === 0 ? columns : columns - 2 * pictureRows - GAP;
  const movedColumns =
    wanted.isPaired && left >= PAIR_COLUMNS ? Math.min(MOVED.most, Math.floor(left * MOVED.share)) : 0;
  return { ...base, left, beamRows, panelRows, pictureRows, lowerRows, movedColumns };
}

function lowerColumns(columns: number, { isOther }: Wanted): { treeColumns: number; fallenColumns: number } {
  if (columns < BOTH_COLUMNS) return isOther ? { treeColumns: 0, fallenColumns: columns } : alone(columns);
  const fallenColumns = Math.min(FALLEN.most, Math.floor(columns * FALLEN.share));
  return isOther ? alone(columns) : { treeColumns: columns - fallenColumns - GAP, fallenColumns };
}

const alone = (columns: number) => ({ treeColumns: columns, fallenColumns: 0 });

function pictureSize(columns: number, rows: number, { isAttending, hasPicture }: Wanted): number {
  if (!hasPicture) return 0;
  if (!isAttending && (columns < PLENTY.columns || rows < PLENTY.rows)) return 0;
  const size = Math.min(rows, Math.floor((columns - NARROWEST - GAP) / 2));
  return size < SMALLEST_PICTURE ? 0 : size;
}
