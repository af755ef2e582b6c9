import { render } from 'ink';
import { createElement, type ReactElement } from 'react';
import type { Streams } from './full-screen.js';
import { Guard } from './guard.js';
import { Screen } from './screen.js';
import type { ScreenSize } from './screen-size.js';
import type { Terminal } from './terminal.js';

/** Why a view was left. */
export type ViewExit = 'quit' | 'interrupt';

/**
 * Runs a view on a terminal until it is left.
 * @param view the component, given Ink's stdout and its size; it ends by leaving Ink with a `ViewExit`
 */
export async function mountView(
  view: (screen: Screen, sizeOf: () => ScreenSize) => ReactElement,
  { columns, rows }: Terminal,
  { stdin, stdout, signal }: Streams,
): Promise<ViewExit> {
  const screen = new Screen(stdout);
  const unfollow = screen.follow();
  const sizeOf = () => ({ columns: screen.columns || columns, rows: screen.rows || rows });
  const app = render(
    createElement(Guard, undefined, view(screen, sizeOf)),
    // Ink would end with success at Ctrl-C: the view decides.
    {
      stdin,
      stdout: screen as unknown as NodeJS.WriteStream,
      exitOnCtrlC: false,
      patchConsole: false,
      maxFps: 60,
    },
  );
  const stop = () => app.unmount();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const left = await app.waitUntilExit();
    if (left === 'quit') return left;
    if (left === 'interrupt' || signal.aborted) return 'interrupt';
    throw new Error('the view ended by itself');
  } finally {
    signal.removeEventListener('abort', stop);
    unfollow();
  }
}
