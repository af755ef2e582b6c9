/** A cell of the terminal in pixels. Sixels are counted in pixels, so their place in cells depends on it. */
export interface CellSize {
  readonly width: number;
  readonly height: number;
}

/** Asks the terminal (xterm's window operation 16). It answers among the keys, or never. */
export const ASK_CELL_SIZE = '\u001b[16t';

const ANSWER = /^\u001b?\[6;(\d{1,4});(\d{1,4})t$/;

/** What a terminal answered; undefined for any other input. Ink takes the escape character off. */
export function answeredCellSize(input: string): CellSize | undefined {
  const [, height, width] = ANSWER.exec(input)?.map(Number) ?? [];
  return width && height ? { width, height } : undefined;
}
