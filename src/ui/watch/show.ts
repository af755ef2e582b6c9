import { productionReact, type Streams, withKeys } from '../full-screen.js';
import type { Terminal } from '../terminal.js';
import type { WatchState, WatchStep } from './state.js';

/** A search that is watched. */
export type WatchSearch<T> = (watch: {
  /** Aborted by Ctrl-C and its kin. */
  readonly signal: AbortSignal;
  /** Draws a step, unless the last one has only just been drawn; only then is it asked what there is to draw. */
  readonly show: (step: () => WatchStep) => void;
}) => Promise<T>;

/** What it found, and whether a person had had enough by then. */
export interface Watched<T> {
  readonly found: T;
  readonly isInterrupted: boolean;
}

/**
 * Draws a search while it runs, below what is on the terminal, and leaves nothing behind.
 * @param hasKeys whether stdin is a terminal's and nobody else reads it
 */
export async function watchSearch<T>(
  search: WatchSearch<T>,
  initial: WatchState,
  terminal: Terminal,
  streams: Streams,
  hasKeys: boolean,
): Promise<Watched<T>> {
  productionReact();
  const { mount } = await import('./mount.js');
  const show = () => mount(search, initial, terminal, streams, hasKeys);
  return hasKeys ? withKeys(streams, show) : show();
}
