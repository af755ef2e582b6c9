import { setTimeout } from 'node:timers/promises';
import type { SearchState } from '../../model/decoding/index.js';
import type { Terminal } from '../terminal.js';
import { run } from '../view/run.js';
import type { Streams } from '../view/streams.js';
import { reduce, type WatchState } from './state.js';

/** The least time between two frames: drawing one takes a few milliseconds, and the search waits for it. */
const FRAME_MS = 120;
/** The end of a search stays for a moment: a small model's is over before anything was seen. */
const LAST_FRAME_MS = 400;

/** A search that is watched. */
export type WatchSearch<T> = (watch: {
  /** Aborted by Ctrl-C and its kin. */
  readonly signal: AbortSignal;
  /** Draws where the search stands, unless it has only just been drawn. */
  readonly show: (search: SearchState) => void;
}) => Promise<T>;

/** What it found, and whether a person had had enough by then. */
export interface Watched<T> {
  readonly found: T;
  readonly isInterrupted: boolean;
}

interface Drawn {
  readonly shown: SearchState;
  readonly elapsedMs: number;
}

/**
 * Draws a search while it runs, below what is on the terminal, and leaves nothing behind.
 * @param hasKeys whether stdin is a terminal's and nothing else reads it
 */
export function watchSearch<T>(
  search: WatchSearch<T>,
  initial: WatchState,
  terminal: Terminal,
  streams: Streams,
  hasKeys: boolean,
): Promise<Watched<T>> {
  const interrupt = new AbortController();
  return run<WatchState, Drawn, Watched<T>, { hasKeys: boolean; onInterrupt: () => void }>(
    {
      place: 'below',
      hasKeys,
      initial,
      reduce: (state, { shown, elapsedMs }) => reduce(state, shown, elapsedMs),
      load: async () => (await import('./view.js')).WatchView,
      props: { hasKeys, onInterrupt: () => interrupt.abort() },
      async follow({ act, isDue, signal }) {
        const start = performance.now();
        const stop = AbortSignal.any([signal, interrupt.signal]);
        let waiting: SearchState | undefined;
        const draw = (shown: SearchState): void => {
          waiting = undefined;
          act({ shown, elapsedMs: performance.now() - start });
        };
        const found = await search({
          signal: stop,
          show(state) {
            if (isDue()) draw(state);
            else waiting = state;
          },
        });
        if (waiting) draw(waiting);
        await setTimeout(LAST_FRAME_MS, undefined, { signal: stop }).catch(() => undefined);
        return { found, isInterrupted: interrupt.signal.aborted };
      },
      frameMs: FRAME_MS,
    },
    terminal,
    streams,
  );
}
