import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

const PATIENCE_MS = 30_000;

/** Waits until something is so. */
export async function until<T>(what: string, find: () => T | undefined | false): Promise<T> {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await wait(20)) {
    const found = find();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`never saw ${what}`);
}

/** Waits until a process has ended, whether or not whoever has inherited it took note of that (Linux). */
export const untilGone = (pid: number): Promise<true> =>
  until(`the end of process ${pid}`, () => ['Z', undefined].includes(statOf(pid)?.state));

/** The processes that a process has started and that still run (Linux). */
export function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => statOf(child)?.parent === pid);
}

/** The process that runs the engine of a session. */
export const engineOf = (session: number): Promise<number> =>
  until(`an engine of process ${session}`, () => childrenOf(session).at(-1));

function statOf(pid: number): { readonly state: string; readonly parent: number } | undefined {
  try {
    // The second field, the program's name in parentheses, may hold anything.
    const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '');
    const [state, parent] = afterName.split(' ');
    return { state: state!, parent: Number(parent) };
  } catch {
    return undefined;
  }
}
