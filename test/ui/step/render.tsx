import { render } from 'ink';
import { Screen } from '../../../src/ui/screen.js';
import type { StepSource } from '../../../src/ui/step/source.js';
import { StepView } from '../../../src/ui/step/view.js';
import type { Colors } from '../../../src/ui/terminal.js';
import { FakeStdout, fakeStdin } from '../../support/terminal-streams.js';
import { VirtualTerminal } from '../../support/virtual-terminal.js';

/** The view on a terminal that is none. Ink's debug mode writes each frame whole, also where CI is set. */
export function renderSteps(source: StepSource, columns: number, rows: number, colors: Colors = 'none') {
  const stdout = new FakeStdout(columns, rows);
  const screen = new Screen(stdout as unknown as NodeJS.WriteStream);
  const unfollow = screen.follow();
  const stdin = fakeStdin();
  const app = render(
    <StepView
      source={source}
      colors={colors}
      screen={screen}
      sizeOf={() => ({ columns: stdout.columns, rows: stdout.rows })}
    />,
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
    close(): void {
      unfollow();
      app.unmount();
    },
  };
}
