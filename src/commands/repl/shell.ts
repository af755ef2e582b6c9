import { type ChildProcess, spawn } from 'node:child_process';
import type { Outcome } from '../../cli/command.js';
import { withoutInterrupts } from '../../cli/signals.js';
import { CocaError } from '../../model/base/errors.js';
import type { SessionContext } from './context.js';

/**
 * Runs a command of the user's shell. On a terminal it has the screen and the keys for itself, unless there is input for it.
 * @param input what it reads on stdin, and its output then stands among the session's
 * @throws CocaError `usage` where there is no such shell
 */
export async function runShell(command: string, context: SessionContext, input?: string): Promise<Outcome> {
  const { terminal, out, signal } = context;
  const hasScreen = terminal.interactive && input === undefined;
  const code = hasScreen
    ? await context.onScreen(() => runOnTerminal(command, signal))
    : await withOutput(start(command, 'pipe', signal), input ?? '', (text) => out.write(text));
  if (code === 0) return { done: 1, failed: 0 };
  context.complain(`${command} ${typeof code === 'number' ? `ended with exit code ${code}` : `was ended by ${code}`}`);
  return { done: 0, failed: 1 };
}

/** Runs a command that has the terminal. @returns its exit code, or the signal that ended it */
export function runOnTerminal(command: string, signal: AbortSignal): Promise<number | string> {
  return withoutInterrupts(() => ended(start(command, 'inherit', signal)));
}

function start(command: string, io: 'inherit' | 'pipe', signal: AbortSignal): ChildProcess {
  return spawn(command, { shell: process.env.SHELL || true, stdio: [io, io, 'inherit'], signal });
}

async function withOutput(
  child: ChildProcess,
  input: string,
  write: (text: string) => Promise<void>,
): Promise<number | string> {
  // One that reads nothing, or not all, may end before it is all written.
  child.stdin!.on('error', () => undefined).end(input);
  const code = ended(child);
  for await (const text of child.stdout!.setEncoding('utf8')) await write(text);
  return code;
}

function ended(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.on('error', (cause: NodeJS.ErrnoException) => {
      if (cause.name === 'AbortError') resolve('SIGTERM');
      else reject(new CocaError('usage', `no shell can be started: ${cause.message}`, '$SHELL names one', { cause }));
    });
    child.on('close', (code, signal) => resolve(code ?? signal!));
  });
}
