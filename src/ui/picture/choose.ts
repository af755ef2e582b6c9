import type { Terminal } from '../terminal.js';
import { knownTerminal } from './known-terminals.js';
import type { PictureKind } from './raster.js';

/** Columns that a square takes for each of its rows: a cell is about twice as high as wide. */
const CELL_ASPECT = 2;

/** What to draw with: as asked, or the best that the terminal is known to do. */
export function choosePictureKind(asked: PictureKind | 'auto', terminal: Terminal): PictureKind {
  const { env } = terminal;
  if (!terminal.interactive) return 'none';
  if (asked !== 'auto') return asked;
  if (env.TERM === 'dumb') return 'none';
  return knownTerminal(env)?.draws ?? 'blocks';
}

/** Columns of the largest square (two columns a row high) within the given space, at most `maxRows` rows. */
export function pictureColumns(terminal: Terminal, reservedRows: number, maxRows: number): number {
  const rows = Math.min(terminal.rows - reservedRows, maxRows, Math.floor((terminal.columns - 1) / CELL_ASPECT));
  return Math.max(0, rows) * CELL_ASPECT;
}
