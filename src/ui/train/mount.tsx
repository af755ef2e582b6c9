import { render } from 'ink';
import type { Streams } from '../full-screen.js';
import { Guard } from '../guard.js';
import type { PictureKind } from '../picture.js';
import { Screen } from '../screen.js';
import type { Terminal } from '../terminal.js';
import type { TrainCommand } from './keys.js';
import type { TrainEnd, WatchedRun } from './show.js';
import { reduce, type TrainAction } from './state.js';
import { TrainView } from './view.js';

/** The least time between two frames: steps of a small model come faster than anybody can look. */
const FRAME_MS = 100;

/** Draws a run until it ends, or a person has no more patience. */
export async function mount(
  { initial, follow, onSave, onStop }: WatchedRun,
  kind: PictureKind,
  terminal: Terminal,
  { stdin, stdout, signal }: Streams,
): Promise<TrainEnd> {
  const screen = new Screen(stdout);
  const unfollow = screen.follow();
  let state = initial;
  let isInterrupted = false;
  let giveUp: () => void = () => undefined;
  const gaveUp = new Promise<void>((resolve) => {
    giveUp = resolve;
  });
  const perform = (command: TrainCommand): void => {
    if (command.type === 'interrupt') {
      if (isInterrupted) giveUp();
      isInterrupted = true;
      onStop();
      change({ type: 'stop' });
      return;
    }
    if (command.type === 'save') onSave();
    if (command.type === 'stop') onStop();
    change(command);
  };
  const sizeOf = () => ({ columns: screen.columns || terminal.columns, rows: screen.rows || terminal.rows });
  const view = () => (
    <Guard>
      <TrainView
        state={state}
        colors={terminal.colors}
        kind={kind}
        screen={screen}
        sizeOf={sizeOf}
        onCommand={perform}
      />
    </Guard>
  );
  const app = render(view(), {
    stdin,
    stdout: screen as unknown as NodeJS.WriteStream,
    exitOnCtrlC: false,
    patchConsole: false,
    maxFps: 1000, // frames are paced here
  });
  let drawn = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  const draw = (): void => {
    clearTimeout(timer);
    timer = undefined;
    drawn = performance.now();
    app.rerender(view());
  };
  /** What keys change is seen at once. */
  const change = (action: TrainAction): void => {
    state = reduce(state, action);
    draw();
  };
  screen.on('resize', draw);
  const stop = (): void => change({ type: 'stop' });
  signal.addEventListener('abort', stop, { once: true });
  try {
    const followed = follow((action) => {
      state = reduce(state, action);
      const wait = drawn + FRAME_MS - performance.now();
      if (wait <= 0) draw();
      else timer ??= setTimeout(draw, wait);
    });
    await Promise.race([followed, gaveUp]);
    return { state, isInterrupted };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    screen.off('resize', draw);
    app.unmount();
    await app.waitUntilExit();
    unfollow();
  }
}
