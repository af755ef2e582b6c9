import { setTimeout } from 'node:timers/promises';
import type { Terminal } from '../terminal.js';
import { run } from '../view/run.js';
import type { Streams } from '../view/streams.js';
import { reduce, type WatchState, type WatchStep } from './state.js';

/** The least time between two frames: drawing one takes a few milliseconds, and the search waits for it. */
const FRAME_MS = 120;
/** The end of a search stays for a moment: a small model's is over before anything was seen. */
const LAST_FRAME_MS = 400;

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

interface Drawn {
  readonly step: WatchStep;
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
      reduce: (state, { step, elapsedMs }) => reduce(state, step, elapsedMs),
      load: async () => (await import('./view.js')).WatchView,
      props: { hasKeys, onInterrupt: () => interrupt.abort() },
      async follow({ act, isDue, signal }) {
        const start = performance.now();
        const stop = AbortSignal.any([signal, interrupt.signal]);
        let waiting: (() => WatchStep) | undefined;
        const draw = (step: () => WatchStep): void => {
          waiting = undefined;
          act({ step: step(), elapsedMs: performance.now() - start });
        };
        const found = await search({
          signal: stop,
          show(step) {
            if (isDue()) draw(step);
            else waiting = step;
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
