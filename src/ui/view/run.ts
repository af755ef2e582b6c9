import type { Terminal } from '../terminal.js';
import type { Streams } from './streams.js';
import type { Outside, View, ViewExit } from './view.js';

/** What goes on beside a view that keys alone change: it waits to be interrupted from outside. */
export function untilInterrupted({
  signal,
  ended,
}: Pick<Outside<never, never>, 'signal' | 'ended'>): Promise<ViewExit> {
  return new Promise((resolve) => {
    const onAbort = () => resolve('interrupt');
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true, signal: ended });
  });
}

/** A screen of its own: what was on the terminal before is there again afterwards. */
const ENTER_SCREEN = '\u001b[?1049h\u001b[H';
const LEAVE_SCREEN = '\u001b[?1049l';
/** Ink hides it, and shows it at its end. */
const SHOW_CURSOR = '\u001b[?25h';
const HIDE_CURSOR = '\u001b[?25l';

/**
 * Runs a view until it ends, and puts the terminal back as it was.
 * @throws what `follow` throws
 */
export async function run<State, Action, Result, Props extends object>(
  view: View<State, Action, Result, Props>,
  terminal: Terminal,
  streams: Streams,
): Promise<Result> {
  const { stdin, stdout } = streams;
  const isOwn = view.place === 'own screen';
  // React checks itself at every render unless it is told, before it is first loaded, that it is not being developed.
  process.env.NODE_ENV ??= 'production';
  // Before the first frame, and not with it as Ink does: a key that is pressed early would be echoed into it.
  if (view.hasKeys) stdin.setRawMode(true);
  if (isOwn) stdout.write(ENTER_SCREEN);
  try {
    const [{ draw }, component] = await Promise.all([import('./draw.js'), view.load()]);
    const holder = {
      leave(): void {
        stdout.write(SHOW_CURSOR + (isOwn ? LEAVE_SCREEN : ''));
        if (view.hasKeys) stdin.setRawMode(false);
      },
      enter(): void {
        // Off first: it may only be thought to be on, after the shell had the terminal.
        if (view.hasKeys) stdin.setRawMode(false).setRawMode(true);
        stdout.write((isOwn ? ENTER_SCREEN : '') + HIDE_CURSOR);
      },
    };
    return await draw(view, component, terminal, streams, holder);
  } finally {
    if (isOwn) stdout.write(LEAVE_SCREEN);
    if (view.hasKeys) stdin.setRawMode(false);
  }
}
