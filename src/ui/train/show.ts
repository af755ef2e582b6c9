import { fullScreen, type Streams } from '../full-screen.js';
import type { PictureKind } from '../picture.js';
import type { Terminal } from '../terminal.js';
import type { TrainAction, TrainState } from './state.js';

/** A run that is watched. */
export interface WatchedRun {
  readonly initial: TrainState;
  /** Tells what happens, until the run ends. */
  readonly follow: (tell: (action: TrainAction) => void) => Promise<void>;
  /** A checkpoint is wanted, or the end. */
  readonly onSave: () => void;
  readonly onStop: () => void;
}

export interface TrainEnd {
  /** What was shown last. */
  readonly state: TrainState;
  /** Ctrl-C was pressed: twice, where the run has not ended. */
  readonly isInterrupted: boolean;
}

/**
 * Shows a run on a screen of its own until it ends, and puts the terminal back as it was.
 * @param kind what the picture is drawn with
 * @throws what `follow` throws
 */
export function showTraining(
  run: WatchedRun,
  kind: PictureKind,
  terminal: Terminal,
  streams: Streams,
): Promise<TrainEnd> {
  return fullScreen(streams, async () => {
    const { mount } = await import('./mount.js');
    return mount(run, kind, terminal, streams);
  });
}
