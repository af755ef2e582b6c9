/** A cell of the terminal in pixels. Sixels are counted in pixels, so their place in cells depends on it. */
export interface CellSize {
  readonly width: number;
  readonly height: number;
}

/**
 * Asks the terminal for the size of a cell (xterm's window operation 16), and for that of a picture as large as the
 * window (XTSMGRAPHICS), which xterm itself tells where it keeps the first to itself. It answers among the keys, or never.
 */
export const ASK_CELL_SIZE = '\u001b[16t\u001b[?2;1;0S';

const CELL_ANSWER = /^\u001b?\[6;(\d{1,4});(\d{1,4})t$/;
const WINDOW_ANSWER = /^\u001b?\[\?2;0;(\d{1,5});(\d{1,5})S$/;
/** Some terminals answer the second question with the largest picture that they would take; no font is that large. */
const WIDEST = 64;

/** What a terminal said. The second answer is for where there is no first. */
export interface CellAnswer extends CellSize {
  readonly isExact: boolean;
}

/**
 * Reads an answer from the keys; undefined for any other input. Ink takes the escape character off.
 * @param screen the terminal's size in cells
 */
export function answeredCellSize(
  input: string,
  screen: { readonly columns: number; readonly rows: number },
): CellAnswer | undefined {
  const [, cellHeight, cellWidth] = CELL_ANSWER.exec(input)?.map(Number) ?? [];
  if (cellWidth && cellHeight) return { width: cellWidth, height: cellHeight, isExact: true };
  const [, windowWidth, windowHeight] = WINDOW_ANSWER.exec(input)?.map(Number) ?? [];
  const width = Math.floor((windowWidth ?? 0) / screen.columns);
  const height = Math.floor((windowHeight ?? 0) / screen.rows);
  return width > 0 && height > 0 && width <= WIDEST ? { width, height, isExact: false } : undefined;
}
