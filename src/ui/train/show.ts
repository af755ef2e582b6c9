import type { PictureKind } from '../picture/raster.js';
import type { Terminal } from '../terminal.js';
import { run as runView } from '../view/run.js';
import type { Streams } from '../view/streams.js';
import type { View } from '../view/view.js';
import { reduce, type TrainAction, type TrainEnd, type TrainState } from './state.js';
import type { TrainViewProps } from './view.js';

/** The least time between two frames: steps of a small model come faster than they can be seen. */
const FRAME_MS = 100;

/** A run that is watched. */
export interface WatchedRun {
  readonly initial: TrainState;
  /** Tells what happens, until the run ends. */
  readonly follow: (tell: (action: TrainAction) => void) => Promise<void>;
  /** A checkpoint is wanted, or the end. */
  readonly onSave: () => void;
  readonly onStop: () => void;
}

type TrainView = View<TrainState, TrainAction, TrainEnd, Omit<TrainViewProps, 'state' | 'stage'>>;

/**
 * The view of a run, on a screen of its own.
 * @param kind what the picture is drawn with
 */
export function trainView({ initial, follow, onSave, onStop }: WatchedRun, kind: PictureKind): TrainView {
  let isInterrupted = false;
  return {
    place: 'own screen',
    hasKeys: true,
    initial,
    reduce,
    load: async () => (await import('./view.js')).TrainView,
    props: {
      kind,
      onCommand(command, { act, leave, now }) {
        if (command.type === 'interrupt') {
          if (isInterrupted) leave({ state: now(), isInterrupted });
          isInterrupted = true;
          onStop();
          act({ type: 'stop' });
          return;
        }
        if (command.type === 'save') onSave();
        if (command.type === 'stop') onStop();
        act(command);
      },
    },
    async follow({ tell, act, now, signal, ended }) {
      signal.addEventListener('abort', () => act({ type: 'stop' }), { once: true, signal: ended });
      await follow(tell);
      return { state: now(), isInterrupted };
    },
    frameMs: FRAME_MS,
  };
}

/**
 * Shows it until the run ends, or a person has no more patience.
 * @throws what `follow` throws
 */
export function showTraining(
  run: WatchedRun,
  kind: PictureKind,
  terminal: Terminal,
  streams: Streams,
): Promise<TrainEnd> {
  return runView(trainView(run, kind), terminal, streams);
}
