/** What stands in a cell. */
export interface MatrixCell {
  /** A word, which is cut where the cell is narrow; may be empty. */
  readonly text: string;
  /** A number, which is never cut. */
  readonly figure: string;
  /** Its colour: from 0, the lowest, to 1. */
  readonly shade: number;
  /** Whether it is one of those that `marked` speaks of. */
  readonly isMarked: boolean;
}

/** A fact about a cell; `part` is drawn as a bar. */
export interface CellFact {
  readonly label: string;
  readonly value: string;
  readonly part?: number;
}

/** A table of figures to walk through. All texts as they are to be shown: nothing in them may move a cursor. */
export interface MatrixSource {
  /** What it is of: a caption. */
  readonly title: string;
  /** The rest of the first line: what the figures are, picture, model. */
  readonly about: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** What a row and a column are, in a word. */
  readonly names: { readonly row: string; readonly column: string };
  /** What a marked cell is; nothing where none is. */
  readonly marked?: string;
  /** What the colours go from and to. */
  readonly scale: readonly [low: string, high: string];
  /** Fast enough to be called for every key. */
  cell(row: number, column: number): MatrixCell;
  /** What is known of a cell, the most important first. */
  facts(row: number, column: number): readonly CellFact[];
}
