/** Where things go on a screen, from the top down. Heights in rows, widths in columns. */
export interface StepLayout {
  readonly columns: number;
  /** Of the whole frame: one row less than the terminal has, so that it never scrolls. */
  readonly height: number;
  readonly hasHeader: boolean;
  readonly hasKeys: boolean;
  /** One a line of exploration, where there are several and there is room. */
  readonly lineRows: number;
  /** Beams and panel stand one below the other, `left` columns wide; the picture stands to the right of both. */
  readonly left: number;
  readonly beamRows: number;
  readonly panelRows: number;
  /** The square is twice as many columns wide; 0 where there is none. */
  readonly pictureRows: number;
  /** What the last step weighed stands beside the panel; 0 where there is no room. */
  readonly weighedColumns: number;
  /** The tree, or what the last step weighed, over the whole width. */
  readonly treeRows: number;
}

/** What wants to be shown. */
export interface Wanted {
  readonly lines: number;
  /** Beams and finished captions. */
  readonly hypotheses: number;
  /** A map over the picture is asked for; otherwise the picture is shown where there is plenty of room. */
  readonly isAttending: boolean;
}

/** A title and nine candidates. */
const PANEL = 10;
const GAP = 2;
const SMALLEST_PICTURE = 4;
/** Beside the picture. */
const NARROWEST = 44;
const PLENTY = { columns: 100, rows: 12 };
const PANEL_COLUMNS = 74;
const WEIGHED_COLUMNS = 50;
const MOST_LINES = 4;

export function layoutOf(columns: number, rows: number, { lines, hypotheses, isAttending }: Wanted): StepLayout {
  const height = Math.max(1, rows - 1);
  const hasHeader = height >= 5;
  const hasKeys = height >= 7;
  const lineRows = lines > 1 && height >= 16 ? Math.min(lines, MOST_LINES) : 0;
  const room = height - (hasHeader ? 1 : 0) - (hasKeys ? 1 : 0) - lineRows;
  const base = { columns, height, hasHeader, hasKeys, lineRows };
  // Beams alone; then with what may follow; then the tree below.
  if (room < 8)
    return { ...base, left: columns, beamRows: room, panelRows: 0, pictureRows: 0, weighedColumns: 0, treeRows: 0 };
  const beamRows = Math.min(hypotheses + 1, Math.max(3, Math.floor(room * 0.34)));
  const panelRows = room < 14 ? room - beamRows : Math.min(PANEL, Math.max(6, Math.floor(room * 0.34)));
  const treeRows = room - beamRows - panelRows;
  const top = beamRows + panelRows;
  const pictureRows = pictureSize(columns, top, isAttending);
  const left = pictureRows === 0 ? columns : columns - 2 * pictureRows - GAP;
  const beside = left - PANEL_COLUMNS - GAP;
  const weighedColumns = beside >= WEIGHED_COLUMNS ? beside : 0;
  return { ...base, left, beamRows, panelRows, pictureRows, weighedColumns, treeRows };
}

function pictureSize(columns: number, rows: number, isAttending: boolean): number {
  if (!isAttending && (columns < PLENTY.columns || rows < PLENTY.rows)) return 0;
  const size = Math.min(rows, Math.floor((columns - NARROWEST - GAP) / 2));
  return size < SMALLEST_PICTURE ? 0 : size;
}
