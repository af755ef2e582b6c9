import type { PictureKind, Raster } from '../picture/raster.js';
import type { Terminal } from '../terminal.js';
import { run } from '../view/run.js';
import type { Streams } from '../view/streams.js';
import type { Outside } from '../view/view.js';
import type { SearchSource } from './source.js';
import { initialState, reduce, type SearchAction, type SearchExit, type SearchState } from './state.js';

/**
 * The view of what was found, on a screen of its own. Thumbnails come one after the other.
 * @param kind what pictures are drawn with; 'none' shows a list
 */
export function searchView(source: SearchSource, kind: PictureKind) {
  const rasters: (Raster | undefined)[] = [];
  const follow = async ({ tell, ended, signal }: Outside<SearchState, SearchAction>): Promise<SearchExit> => {
    for (let at = 0; kind !== 'none' && at < source.pictures.length && !ended.aborted && !signal.aborted; at++) {
      rasters[at] = await source.thumbnail(at);
      tell({ type: 'loaded', count: at + 1 });
    }
    const any = AbortSignal.any([ended, signal]);
    if (!any.aborted)
      await new Promise<void>((resolve) => any.addEventListener('abort', () => resolve(), { once: true }));
    return 'interrupt';
  };
  return {
    place: 'own screen',
    hasKeys: true,
    initial: initialState,
    reduce: (state: SearchState, action: SearchAction) => reduce(state, action, source.pictures.length),
    load: async () => (await import('./view.js')).SearchView,
    props: { source, kind, rasters: rasters as readonly (Raster | undefined)[] },
    follow,
    frameMs: 100,
  } as const;
}

/** Shows it until a person leaves it. */
export function showSearch(
  source: SearchSource,
  kind: PictureKind,
  terminal: Terminal,
  streams: Streams,
): Promise<SearchExit> {
  return run(searchView(source, kind), terminal, streams);
}
