import { render } from 'ink';
import { createElement, Fragment, type ReactElement } from 'react';
import { Guard } from './guard.js';
import type { Streams } from './streams.js';

/** Ink, drawing on a terminal. */
export interface App {
  /** Settles when Ink has ended. */
  readonly exited: Promise<unknown>;
  /** Ends Ink; the last frame stays. */
  close(): Promise<void>;
  /**
   * Ends Ink, which drew below what is on the terminal, and takes away what it drew; the cursor is then where it began.
   * (Ink leaves the last frame behind, and what its `clear` erases, it erases once more with the next frame.)
   */
  takeAway(): Promise<void>;
}

const CURSOR_UP = '\u001b[1A';

/** Starts Ink on a terminal. It would end with success at Ctrl-C: the view decides. */
export function openApp(
  view: ReactElement,
  { stdin, stdout }: Pick<Streams, 'stdin' | 'stdout'>,
  options: { readonly maxFps: number; readonly debug?: boolean },
): App {
  const app = render(createElement(Guard, undefined, view), {
    stdin,
    stdout,
    exitOnCtrlC: false,
    patchConsole: false,
    ...options,
  });
  // Asked once: asked after its end, Ink leaves a listener on the process.
  const exited = app.waitUntilExit();
  const close = async (): Promise<void> => {
    app.unmount();
    await exited;
  };
  return {
    exited,
    close,
    async takeAway() {
      app.rerender(createElement(Fragment));
      await close();
      // An empty frame still is a line.
      stdout.write(CURSOR_UP);
    },
  };
}
