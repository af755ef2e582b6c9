import { render } from 'ink';
import type { ReactElement } from 'react';
import { Screen } from '../../src/ui/screen.js';
import type { ScreenSize } from '../../src/ui/screen-size.js';
import type { ShownPicture } from './terminal-pictures.js';
import { FakeStdout, fakeStdin } from './terminal-streams.js';
import { VirtualTerminal } from './virtual-terminal.js';

/** A view on a terminal that is none. Ink's debug mode writes each frame whole, also where CI is set. */
export function renderView(
  view: (screen: Screen, sizeOf: () => ScreenSize) => ReactElement,
  columns: number,
  rows: number,
) {
  const stdout = new FakeStdout(columns, rows);
  const screen = new Screen(stdout as unknown as NodeJS.WriteStream);
  const unfollow = screen.follow();
  const stdin = fakeStdin();
  const app = render(
    view(screen, () => ({ columns: stdout.columns, rows: stdout.rows })),
    { stdout: screen as unknown as NodeJS.WriteStream, stdin, debug: true, exitOnCtrlC: false, patchConsole: false },
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
