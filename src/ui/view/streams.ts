import type { Terminal } from '../terminal.js';

/** The terminal that a view reads keys from and draws on, and what ends the view from outside. */
export interface Streams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/** Whether lines can be drawn anew; Ink itself is silent where CI is set. */
export function canRedraw({ env, interactive }: Terminal): boolean {
  const isSet = (name: string): boolean => env[name] !== undefined && env[name] !== '0' && env[name] !== 'false';
  return interactive && env.TERM !== 'dumb' && !isSet('CI') && !isSet('CONTINUOUS_INTEGRATION');
}

/** Whether that is so and keys can be read. */
export function canShow(terminal: Terminal, stdin: { readonly isTTY?: boolean }): boolean {
  return canRedraw(terminal) && stdin.isTTY === true;
}
