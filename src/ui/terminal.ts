import { WriteStream } from 'node:tty';

/** How much colour: none, the 16 of old, the 256 of xterm, or any. */
export type Colors = 'none' | '16' | '256' | 'any';

/** What stdout is, as far as drawing goes. */
export interface Terminal {
  /** A person is looking: draw. Otherwise plain lines for a program. */
  readonly interactive: boolean;
  readonly columns: number;
  readonly rows: number;
  readonly colors: Colors;
  readonly env: NodeJS.ProcessEnv;
}

const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;

/** Colours by NO_COLOR, FORCE_COLOR and TERM; FORCE_COLOR also where stdout is no terminal. */
export function colorsOf(isTTY: boolean, env: NodeJS.ProcessEnv): Colors {
  const forced = env.FORCE_COLOR !== undefined;
  if (!forced && (!isTTY || env.NO_COLOR || env.TERM === 'dumb')) return 'none';
  // What NO_COLOR says is settled: FORCE_COLOR outranks it, and an empty one says nothing.
  const { NO_COLOR: _ignored, ...rest } = env;
  // tmux takes any colour and sends on what the terminal around it has, of which COLORTERM speaks. Of that, Node 20 says 256
  // colours whatever there is, and Node 24 any.
  if (!forced && env.TMUX) return /^(truecolor|24bit)$/.test(env.COLORTERM ?? '') ? 'any' : '256';
  const depth = WriteStream.prototype.getColorDepth(rest);
  if (depth >= 24) return 'any';
  if (depth >= 8) return '256';
  return depth >= 4 ? '16' : 'none';
}

/** Describes a stream (stdout) to draw on. */
export function describeTerminal(
  stream: { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number },
  env: NodeJS.ProcessEnv,
): Terminal {
  const interactive = stream.isTTY === true;
  return {
    interactive,
    // A terminal may say 0 (serial lines, some containers): that is "unknown".
    columns: stream.columns || DEFAULT_COLUMNS,
    rows: stream.rows || DEFAULT_ROWS,
    colors: colorsOf(interactive, env),
    env,
  };
}
