import { readFileSync } from 'node:fs';

/** Whether a process of this machine runs. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * What tells a process from a later one of the same number, where the system says it: when it was started, in clock ticks
 * since the machine was (Linux, proc(5), field 22 of /proc/PID/stat).
 */
export function startOf(pid: number): string | undefined {
  try {
    // The second field, the program's name in parentheses, may hold anything.
    const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '');
    return afterName.split(' ')[19];
  } catch {
    return undefined;
  }
}
