import type { Terminal } from '../terminal.js';
import type { Streams } from './mount.js';
import type { AttendSource } from './source.js';
import type { AttendState } from './state.js';
import type { AttendExit } from './view.js';

/** A screen of its own: what was on the terminal before is there again afterwards. */
const ENTER_SCREEN = '\u001b[?1049h\u001b[H';
const LEAVE_SCREEN = '\u001b[?1049l';

/** Whether keys can be read and frames be drawn; Ink itself is silent where CI is set. */
export function canShow(terminal: Terminal, stdin: { readonly isTTY?: boolean }): boolean {
  const { env, interactive } = terminal;
  const isSet = (name: string): boolean => env[name] !== undefined && env[name] !== '0' && env[name] !== 'false';
  return interactive && stdin.isTTY === true && env.TERM !== 'dumb' && !isSet('CI') && !isSet('CONTINUOUS_INTEGRATION');
}

/**
 * Shows the view until a person leaves it, and puts the terminal back as it was.
 * @param streams the terminal, and a signal that ends the view when aborted
 */
export async function showAttention(
  source: AttendSource,
  initial: AttendState,
  terminal: Terminal,
  streams: Streams,
): Promise<AttendExit> {
  // React checks itself at every render unless it is told that it is not being developed, before it is first loaded.
  process.env.NODE_ENV ??= 'production';
  const { mount } = await import('./mount.js');
  const { stdin, stdout } = streams;
  // Before the first frame, and not with it as Ink does: a key that is pressed early would be echoed into it.
  stdin.setRawMode(true);
  stdout.write(ENTER_SCREEN);
  try {
    return await mount(source, initial, terminal, streams);
  } finally {
    stdout.write(LEAVE_SCREEN);
    stdin.setRawMode(false);
  }
}
