import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { isRunning } from '../../src/model/processes.js';

const PATIENCE_MS = 30_000;

/** Waits until something is so. */
export async function until<T>(what: string, find: () => T | undefined | false): Promise<T> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await wait(20)) {
    const found = find();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`never saw ${what}`);
}

/** Waits until a process is gone, and nothing is left of it. */
export const untilGone = (pid: number): Promise<true> => until(`the end of process ${pid}`, () => !isRunning(pid));

/** The processes that a process has started and that still run (Linux). */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === pid)
    .map(Number);
}

/** The process that runs the engine of a session. */
export const engineOf = (session: number): Promise<number> =>
  until(`an engine of process ${session}`, () => childrenOf(session).at(-1));

function parentOf(pid: string): number | undefined {
  try {
    // The second field, the program's name in parentheses, may hold anything.
    const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '');
    return Number(afterName.split(' ')[1]);
  } catch {
    return undefined;
  }
}
