import type { PictureKind } from '../picture/raster.js';
import type { Terminal } from '../terminal.js';
import { run, untilInterrupted } from '../view/run.js';
import type { Streams } from '../view/streams.js';
import type { ViewExit } from '../view/view.js';
import type { StepSource } from './source.js';
import { INITIAL, type LimitedAction, reduce, type StepState } from './state.js';

/**
 * The view of a walk, on a screen of its own.
 * @param kind what pictures are drawn with
 */
export function stepView(source: StepSource, kind: PictureKind) {
  return {
    place: 'own screen',
    hasKeys: true,
    initial: INITIAL,
    reduce: (state: StepState, { action, limits }: LimitedAction) => reduce(state, action, limits),
    load: async () => (await import('./view.js')).StepView,
    props: { source, kind },
    follow: untilInterrupted,
  } as const;
}

/**
 * Shows it until a person leaves it.
 * @param streams the terminal, and a signal that ends the view when aborted
 */
export function showSteps(
  source: StepSource,
  kind: PictureKind,
  terminal: Terminal,
  streams: Streams,
): Promise<ViewExit> {
  return run(stepView(source, kind), terminal, streams);
}
