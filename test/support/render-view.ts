import { setTimeout as wait } from 'node:timers/promises';
import type { Colors } from '../../src/ui/terminal.js';
import { draw } from '../../src/ui/view/draw.js';
import type { View } from '../../src/ui/view/view.js';
import type { ShownPicture } from './terminal-pictures.js';
import { FakeStdout, fakeStdin } from './terminal-streams.js';
import { VirtualTerminal } from './virtual-terminal.js';

/** These tests never stop the process. */
const HOLDER = { leave: () => undefined, enter: () => undefined };
const PATIENCE_MS = 20_000;

/** A view on a terminal that is none. Ink's debug mode writes each frame whole, also where CI is set. */
export function renderView<State, Action, Result, Props extends object>(
  view: View<State, Action, Result, Props>,
  columns: number,
  rows: number,
  colors: Colors,
) {
  const stdout = new FakeStdout(columns, rows);
  const stdin = fakeStdin();
  const controller = new AbortController();
  const { signal } = controller;
  const streams = { stdin, stdout: stdout as unknown as NodeJS.WriteStream, signal };
  const about = { interactive: true, columns, rows, colors, env: {} };
  const loaded = view.load();
  const left = loaded.then((component) => draw(view, component, about, streams, HOLDER, true));
  const settle = async (): Promise<void> => {
    await loaded;
    await wait(40);
  };
  /** What the terminal shows now: its last whole frame and what was painted after. */
  const terminal = (): VirtualTerminal => {
    const last = stdout.frames.findLastIndex((frame) => frame.includes('\n'));
    return new VirtualTerminal(stdout.columns, stdout.rows).write(stdout.frames.slice(last).join(''));
  };
  return {
    stdout,
    left,
    settle,
    async press(...keys: string[]): Promise<void> {
      await loaded;
      for (const key of keys) {
        stdin.push(key);
        await settle();
      }
    },
    terminal,
    /** Waits until the terminal's text matches, and returns it. */
    async until(pattern: RegExp): Promise<string> {
      const end = Date.now() + PATIENCE_MS;
      for (;;) {
        const text = terminal().text();
        if (pattern.test(text)) return text;
        if (Date.now() > end) throw new Error(`never saw ${pattern} but:\n${text}`);
        await settle();
      }
    },
    /** The pictures on the screen now, by all that was ever written: each whole frame begins at the top. */
    pictures(): readonly ShownPicture[] {
      const frames = stdout.frames.map((frame) => (frame.includes('\n') ? `\u001b[H${frame}` : frame));
      return new VirtualTerminal(stdout.columns, stdout.rows).write(frames.join('')).pictures();
    },
    /** Ends a view that ends when it is interrupted. */
    async close(): Promise<void> {
      controller.abort();
      await left;
    },
  };
}
