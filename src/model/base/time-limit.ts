import { Script } from 'node:vm';

/** Where the script finds what it is to call: a script reaches nothing but the global object. */
const JOB = Symbol.for('coca.timeLimitedJob');
const script = new Script('globalThis[Symbol.for("coca.timeLimitedJob")]()');

/**
 * Runs `work` and stops it when it takes too long, even within a regular expression that backtracks without end: Node
 * stops scripts of its vm module from another thread. About 0.1 ms dearer than a plain call.
 * @returns what `work` returns, or undefined when it was stopped
 * @throws what `work` throws
 */
export function withinTime<T extends object | string>(milliseconds: number, work: () => T): T | undefined {
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
