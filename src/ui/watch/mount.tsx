import { setTimeout } from 'node:timers/promises';
import { render } from 'ink';
import type { Streams } from '../full-screen.js';
import { Guard } from '../guard.js';
import { takeAway } from '../take-away.js';
import type { Terminal } from '../terminal.js';
import type { Watched, WatchSearch } from './show.js';
import { reduce, type WatchState, type WatchStep } from './state.js';
import { WatchView } from './view.js';

/** The least time between two frames: drawing one takes a few milliseconds, and the search waits for it. */
const FRAME_MS = 120;
/** The end of a search stays for a moment: a small model's is over before anybody has seen anything. */
const LAST_FRAME_MS = 400;

/** Draws what `search` shows below what is on the terminal, and takes it away when the search ends. */
export async function mount<T>(
  search: WatchSearch<T>,
  initial: WatchState,
  terminal: Terminal,
  { stdin, stdout, signal }: Streams,
  hasKeys: boolean,
): Promise<Watched<T>> {
  const interrupt = new AbortController();
  const view = (state: WatchState) => (
    <Guard>
      <WatchView
        state={state}
        space={{
          columns: stdout.columns || terminal.columns,
          rows: stdout.rows || terminal.rows,
          colors: terminal.colors,
        }}
        hasKeys={hasKeys}
        onInterrupt={() => interrupt.abort()}
      />
    </Guard>
  );
  let state = initial;
  // Frames are paced here: one that Ink held back would be drawn after the end.
  const app = render(view(state), { stdin, stdout, exitOnCtrlC: false, patchConsole: false, maxFps: 1000 });
  const start = performance.now();
  const stop = AbortSignal.any([signal, interrupt.signal]);
  let drawn = start;
  let waiting: (() => WatchStep) | undefined;
  const draw = (step: () => WatchStep): void => {
    drawn = performance.now();
    waiting = undefined;
    state = reduce(state, step(), drawn - start);
    app.rerender(view(state));
  };
  try {
    const found = await search({
      signal: stop,
      show(step) {
        if (performance.now() - drawn < FRAME_MS) waiting = step;
        else draw(step);
      },
    });
    if (waiting) draw(waiting);
    await setTimeout(LAST_FRAME_MS, undefined, { signal: stop }).catch(() => undefined);
    return { found, isInterrupted: interrupt.signal.aborted };
  } finally {
    await takeAway(app, stdout);
  }
}
