import type { PictureKind } from '../picture/raster.js';
import type { Terminal } from '../terminal.js';
import { run, untilInterrupted } from '../view/run.js';
import type { Streams } from '../view/streams.js';
import type { Outside, ViewExit } from '../view/view.js';
import type { TraceSource } from './source.js';
import { reduce, type TraceAction, type TraceState } from './state.js';

/**
 * The view of a trace, on a screen of its own.
 * @param kind what pictures are drawn with; 'none' shows figures alone
 */
export function traceView(source: TraceSource, initial: TraceState, kind: PictureKind) {
  const limits = { words: source.words.length, sites: source.sites.length };
  return {
    place: 'own screen',
    hasKeys: true,
    initial,
    reduce: (state: TraceState, action: TraceAction) => reduce(state, action, limits),
    load: async () => (await import('./view.js')).TraceView,
    props: { source, kind },
    async follow({ tell, signal, ended }: Outside<TraceState, TraceAction>): Promise<ViewExit> {
      try {
        await source.grow(AbortSignal.any([signal, ended]), () =>
          tell({ type: 'site-known', best: (word) => source.bestSite(word) }),
        );
      } catch (error) {
        if (!signal.aborted) throw error;
      }
      return untilInterrupted({ signal, ended });
    },
    frameMs: 100,
  } as const;
}

/**
 * Shows it until a person leaves it.
 * @param streams the terminal, and a signal that ends the view when aborted
 */
export function showTrace(
  source: TraceSource,
  initial: TraceState,
  kind: PictureKind,
  terminal: Terminal,
  streams: Streams,
): Promise<ViewExit> {
  return run(traceView(source, initial, kind), terminal, streams);
}
