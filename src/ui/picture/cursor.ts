/** Moves the cursor to a cell of the screen, counted from 0. */
export function cursorTo(row: number, column: number): string {
  return `\u001b[${row + 1};${column + 1}H`;
}

/** Empties `count` cells from the cursor on, which stays where it is. */
export function eraseCells(count: number): string {
  return `\u001b[${count}X`;
}
