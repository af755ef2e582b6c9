import type { Terminal } from './terminal.js';

/** The terminal that a view reads keys from and draws on, and what ends the view from outside. */
export interface Streams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

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
 * Runs an Ink view on a screen of its own, and puts the terminal back as it was.
 * @param mount loads the view and shows it until it is left
 */
export async function fullScreen<T>({ stdin, stdout }: Streams, mount: () => Promise<T>): Promise<T> {
  // React checks itself at every render unless it is told that it is not being developed, before it is first loaded.
  process.env.NODE_ENV ??= 'production';
  // Before the first frame, and not with it as Ink does: a key that is pressed early would be echoed into it.
  stdin.setRawMode(true);
  stdout.write(ENTER_SCREEN);
  try {
    return await mount();
  } finally {
    stdout.write(LEAVE_SCREEN);
    stdin.setRawMode(false);
  }
}
