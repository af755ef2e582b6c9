import type { PictureKind } from '../picture/raster.js';
import type { Terminal } from '../terminal.js';
import { run, untilInterrupted } from '../view/run.js';
import type { Streams } from '../view/streams.js';
import type { ViewExit } from '../view/view.js';
import type { AttendSource } from './source.js';
import { type AttendAction, type AttendState, reduce } from './state.js';

/**
 * The view of a caption's attention, on a screen of its own.
 * @param kind what pictures are drawn with; 'none' shows figures alone
 */
export function attendView(source: AttendSource, initial: AttendState, kind: PictureKind) {
  const { grid, layers, heads, methods } = source;
  const limits = { words: source.words.length, frames: source.frames?.length ?? 1, grid, layers, heads, methods };
  return {
    place: 'own screen',
    hasKeys: true,
    initial,
    reduce: (state: AttendState, action: AttendAction) => reduce(state, action, limits),
    load: async () => (await import('./view.js')).AttendView,
    props: { source, kind },
    follow: untilInterrupted,
  } as const;
}

/**
 * Shows it until a person leaves it.
 * @param streams the terminal, and a signal that ends the view when aborted
 */
export function showAttention(
  source: AttendSource,
  initial: AttendState,
  kind: PictureKind,
  terminal: Terminal,
  streams: Streams,
): Promise<ViewExit> {
  return run(attendView(source, initial, kind), terminal, streams);
}
