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

/** Whether lines can be drawn anew; Ink itself is silent where CI is set. */
export function canRedraw({ env, interactive }: Terminal): boolean {
  const isSet = (name: string): boolean => env[name] !== undefined && env[name] !== '0' && env[name] !== 'false';
  return interactive && env.TERM !== 'dumb' && !isSet('CI') && !isSet('CONTINUOUS_INTEGRATION');
}

/** Whether that is so and keys can be read. */
export function canShow(terminal: Terminal, stdin: { readonly isTTY?: boolean }): boolean {
  return canRedraw(terminal) && stdin.isTTY === true;
}

/**
 * Runs an Ink view that reads keys, below what is on the terminal or (`fullScreen`) instead of it, and puts the terminal
 * back as it was.
 * @param mount loads the view and shows it until it is left
 */
export async function withKeys<T>({ stdin }: Streams, mount: () => Promise<T>): Promise<T> {
  productionReact();
  // Before the first frame, and not with it as Ink does: a key that is pressed early would be echoed into it.
  stdin.setRawMode(true);
  try {
    return await mount();
  } finally {
    stdin.setRawMode(false);
  }
}

/** The same on a screen of its own. */
export function fullScreen<T>(streams: Streams, mount: () => Promise<T>): Promise<T> {
  return withKeys(streams, async () => {
    streams.stdout.write(ENTER_SCREEN);
    try {
      return await mount();
    } finally {
      streams.stdout.write(LEAVE_SCREEN);
    }
  });
}

/** React checks itself at every render unless it is told that it is not being developed, before it is first loaded. */
export function productionReact(): void {
  process.env.NODE_ENV ??= 'production';
}
