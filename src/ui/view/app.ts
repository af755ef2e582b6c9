import { type Instance, render } from 'ink';
import { createElement, Fragment, type ReactElement } from 'react';
import { Guard } from './guard.js';
import type { Streams } from './streams.js';

/** Starts Ink on a terminal. It would end with success at Ctrl-C: the view decides. */
export function openApp(
  view: ReactElement,
  { stdin, stdout }: Pick<Streams, 'stdin' | 'stdout'>,
  options: { readonly maxFps: number; readonly debug?: boolean },
): Instance {
  return render(createElement(Guard, undefined, view), {
    stdin,
    stdout,
    exitOnCtrlC: false,
    patchConsole: false,
    ...options,
  });
}

const CURSOR_UP = '\u001b[1A';

/**
 * Ends an Ink app that drew below what is on the terminal, and takes away what it drew; the cursor is then where the app
 * began. (Ink leaves the last frame behind, and what its `clear` erases, it erases once more with the next frame.)
 */
export async function takeAway(app: Instance, stdout: Pick<NodeJS.WriteStream, 'write'>): Promise<void> {
  app.rerender(createElement(Fragment));
  app.unmount();
  await app.waitUntilExit();
  // An empty frame still is a line.
  stdout.write(CURSOR_UP);
}
