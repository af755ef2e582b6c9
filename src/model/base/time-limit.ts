import { Script } from 'node:vm';

/** Where the script finds what it is to call: a script reaches nothing but the global object. */
const JOB = Symbol.for('coca.timeLimitedJob');
const script = new Script('globalThis[Symbol.for("coca.timeLimitedJob")]()');

/** How often work is begun anew that had no chance, and how much longer it may then take: on a machine that is busier, something else is wrong. */
const TRIES = 5;
const LONGEST = 20;

/**
 * Runs `work` and stops it when it takes too long, even within a regular expression that backtracks without end: Node
 * stops scripts of its vm module from another thread. About 0.1 ms dearer than a plain call. What counts is the time that this
 * process had on a CPU: where others take the machine, work that was stopped is begun anew with as much more time as its share was too small,
 * so that what a text gives does not depend on them.
 * @returns what `work` returns, or undefined when it was stopped
 * @throws what `work` throws
 */
export function withinTime<T extends object | string>(milliseconds: number, work: () => T): T | undefined {
  let limit = milliseconds;
  for (let tries = 1; ; tries++) {
    const before = process.cpuUsage();
    const result = attempt(limit, work);
    if (result !== undefined || tries === TRIES) return result;
    const { user, system } = process.cpuUsage(before);
    const computed = (user + system) / 1000;
    if (computed >= milliseconds * ENOUGH) return undefined;
    limit = Math.min(milliseconds * LONGEST, (limit * milliseconds) / Math.max(computed, 1));
  }
}

/** The part of a limit in CPU time that is as good as all of it: the two clocks are not read at the same moment. */
const ENOUGH = 0.9;

function attempt<T extends object | string>(milliseconds: number, work: () => T): T | undefined {
  let result: T | undefined;
  const job = () => {
    result = work();
  };
  Object.defineProperty(globalThis, JOB, { value: job, configurable: true });
  try {
    script.runInThisContext({ timeout: Math.ceil(milliseconds) });
    return result;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  } finally {
    Reflect.deleteProperty(globalThis, JOB);
  }
}
