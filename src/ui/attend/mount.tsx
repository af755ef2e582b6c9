import { render } from 'ink';
import type { Streams } from '../full-screen.js';
import { Guard } from '../guard.js';
import type { PictureKind } from '../picture.js';
import { Screen } from '../screen.js';
import type { Terminal } from '../terminal.js';
import type { AttendSource } from './source.js';
import type { AttendState } from './state.js';
import { type AttendExit, AttendView } from './view.js';

/** Runs the view on a terminal until it is left. */
export async function mount(
  source: AttendSource,
  initial: AttendState,
  kind: PictureKind,
  { colors, columns, rows }: Terminal,
  { stdin, stdout, signal }: Streams,
): Promise<AttendExit> {
  const screen = new Screen(stdout);
  const unfollow = screen.follow();
  const sizeOf = () => ({ columns: screen.columns || columns, rows: screen.rows || rows });
  const app = render(
    <Guard>
      <AttendView source={source} initial={initial} colors={colors} kind={kind} screen={screen} sizeOf={sizeOf} />
    </Guard>,
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
