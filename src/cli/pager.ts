import { spawn } from 'node:child_process';
import { widthOf } from '../ui/layout.js';
import type { Terminal } from '../ui/terminal.js';
import type { Output } from './output.js';
import { withoutInterrupts } from './signals.js';

/** Colours as they are, nothing left behind on a short text, and the screen kept. */
const LESS_OPTIONS = 'FRX';

/**
 * Shows a text to read: on a terminal that it is longer than by the pager that $PAGER names (empty or `cat`: none), else by
 * less. Where there is none, and in a pipe, it is printed. Leaving the pager before the end is no error.
 * @returns whether Ctrl-C ended the pager
 */
export async function showText(
  text: string,
  out: Output,
  terminal: Terminal,
  stdin: { readonly isTTY?: boolean },
): Promise<'shown' | 'interrupted'> {
  const { interactive, env } = terminal;
  const named = env.PAGER;
  const isPaged = interactive && stdin.isTTY === true && env.TERM !== 'dumb' && isLonger(text, terminal);
  if (isPaged && named?.trim() !== '' && named?.trim() !== 'cat') {
    await out.flush();
    const ending = await withoutInterrupts(() => runPager(named, env, text));
    if (ending !== 'none') return ending;
  }
  await out.write(text);
  return 'shown';
}

function isLonger(text: string, { columns, rows }: Terminal): boolean {
  const lines = text.replace(/\n$/, '').split('\n');
  const taken = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0);
  // The last row is the shell's prompt.
  return taken > rows - 1;
}

/** @returns 'none' where no such program could be started */
function runPager(
  named: string | undefined,
  env: NodeJS.ProcessEnv,
  text: string,
): Promise<'shown' | 'interrupted' | 'none'> {
  const io = { stdio: ['pipe', 'inherit', 'inherit'] as ['pipe', 'inherit', 'inherit'] };
  const pager =
    named === undefined
      ? spawn('less', [`-${LESS_OPTIONS}`], { ...io, env })
      : spawn(named, { ...io, shell: true, env: { ...env, LESS: env.LESS ?? LESS_OPTIONS } });
  return new Promise((resolve) => {
    pager.on('error', () => resolve('none'));
    // A shell says so by its exit code.
    pager.on('close', (code, signal) =>
      resolve(code === 126 || code === 127 ? 'none' : signal === 'SIGINT' || code === 130 ? 'interrupted' : 'shown'),
    );
    pager.stdin.on('error', () => undefined).end(text);
  });
}
