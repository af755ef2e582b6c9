import type { Terminal } from '../terminal.js';
import { run, untilInterrupted } from '../view/run.js';
import type { Streams } from '../view/streams.js';
import type { ViewExit } from '../view/view.js';
import type { MatrixSource } from './source.js';
import { INITIAL, type MatrixAction, type MatrixState, reduce } from './state.js';

/** The view of a table, on a screen of its own. */
export function matrixView(source: MatrixSource, initial: Partial<MatrixState> = {}) {
  const limits = { rows: source.rows.length, columns: source.columns.length };
  return {
    place: 'own screen',
    hasKeys: true,
    initial: { ...INITIAL, ...initial },
    reduce: (state: MatrixState, action: MatrixAction) => reduce(state, action, limits),
    load: async () => (await import('./view.js')).MatrixView,
    props: { source },
    follow: untilInterrupted,
  } as const;
}

/**
 * Shows it until a person leaves it.
 * @param initial the cell that is looked at first
 * @param streams the terminal, and a signal that ends the view when aborted
 */
export function showMatrix(
  source: MatrixSource,
  initial: Partial<MatrixState>,
  terminal: Terminal,
  streams: Streams,
): Promise<ViewExit> {
  return run(matrixView(source, initial), terminal, streams);
}
