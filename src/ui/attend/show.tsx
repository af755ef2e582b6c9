import type { Terminal } from '../terminal.js';
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
 * @param signal ends the view when aborted
 */
export async function showAttention(
  source: AttendSource,
  initial: AttendState,
  terminal: Terminal,
  { stdin, stdout, signal }: { stdin: NodeJS.ReadStream; stdout: NodeJS.WriteStream; signal: AbortSignal },
): Promise<AttendExit> {
  // React checks itself at every render unless it is told that it is not being developed.
  process.env.NODE_ENV ??= 'production';
  const [{ render }, { AttendView }] = await Promise.all([import('ink'), import('./view.js')]);
  stdout.write(ENTER_SCREEN);
  try {
    const app = render(
      <AttendView
        source={source}
        initial={initial}
        colors={terminal.colors}
        sizeOf={() => ({ columns: stdout.columns || terminal.columns, rows: stdout.rows || terminal.rows })}
        onResize={(listener) => {
          stdout.on('resize', listener);
          return () => stdout.off('resize', listener);
        }}
      />,
      { stdin, stdout, exitOnCtrlC: false, patchConsole: false, maxFps: 60 },
    );
    const stop = (): void => app.unmount();
    signal.addEventListener('abort', stop, { once: true });
    const left = (await app.waitUntilExit()) as AttendExit | undefined;
    signal.removeEventListener('abort', stop);
    return left ?? 'interrupt';
  } finally {
    stdout.write(LEAVE_SCREEN);
  }
}
