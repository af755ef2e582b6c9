import { render } from 'ink';
import type { AttendSource } from '../../../src/ui/attend/source.js';
import { initialState } from '../../../src/ui/attend/state.js';
import { AttendView } from '../../../src/ui/attend/view.js';
import type { PictureKind } from '../../../src/ui/picture.js';
import { Screen } from '../../../src/ui/screen.js';
import type { Colors } from '../../../src/ui/terminal.js';
import type { ShownPicture } from '../../support/terminal-pictures.js';
import { FakeStdout, fakeStdin } from '../../support/terminal-streams.js';
import { VirtualTerminal } from '../../support/virtual-terminal.js';

export const KEYS = { left: '\u001b[D', right: '\u001b[C', up: '\u001b[A', down: '\u001b[B', escape: '\u001b' };

/** The view on a terminal that is none. Ink's debug mode writes each frame whole, also where CI is set. */
export function renderAttend(
  source: AttendSource,
  columns: number,
  rows: number,
  colors: Colors = 'none',
  kind: PictureKind = 'blocks',
) {
  const stdout = new FakeStdout(columns, rows);
  const screen = new Screen(stdout as unknown as NodeJS.WriteStream);
  const unfollow = screen.follow();
  const stdin = fakeStdin();
  const app = render(
    <AttendView
      source={source}
      initial={initialState({ method: 'cross', layer: 'mean', head: 'mean' }, 0)}
      colors={colors}
      kind={kind}
      screen={screen}
      sizeOf={() => ({ columns: stdout.columns, rows: stdout.rows })}
    />,
    {
      stdout: screen as unknown as NodeJS.WriteStream,
      stdin,
      debug: true,
      exitOnCtrlC: false,
      patchConsole: false,
    },
  );
  const settle = () => new Promise((resolve) => setTimeout(resolve, 40));
  return {
    stdout,
    left: app.waitUntilExit(),
    settle,
    async press(...keys: string[]): Promise<void> {
      for (const key of keys) {
        stdin.push(key);
        await settle();
      }
    },
    /** What the terminal shows now: its last whole frame and what was painted after. */
    terminal(): VirtualTerminal {
      const last = stdout.frames.findLastIndex((frame) => frame.includes('\n'));
      return new VirtualTerminal(stdout.columns, stdout.rows).write(stdout.frames.slice(last).join(''));
    },
    /** The pictures on the screen now, by all that was ever written: each whole frame begins at the top. */
    pictures(): readonly ShownPicture[] {
      const frames = stdout.frames.map((frame) => (frame.includes('\n') ? `\u001b[H${frame}` : frame));
      return new VirtualTerminal(stdout.columns, stdout.rows).write(frames.join('')).pictures();
    },
    close(): void {
      unfollow();
      app.unmount();
    },
  };
}
