import { availableParallelism } from 'node:os';
import { CocaError } from '../errors.js';

/**
 * The threads that this process may compute with by `$COCA_THREADS`; undefined where that is not set, and each library takes what it
 * finds. Several processes on one machine, or a container with less than the machine's cores, need it: neither ONNX Runtime nor
 * TensorFlow knows of the others or of the limit.
 * @throws CocaError `usage` for anything but a whole number from 1 on
 */
export function threadLimit(env: NodeJS.ProcessEnv = process.env): number | undefined {
  const text = env.COCA_THREADS;
  if (text === undefined || text === '') return undefined;
  if (!/^[1-9]\d{0,3}$/.test(text)) {
    throw new CocaError('usage', `COCA_THREADS is '${text}'`, 'a whole number of threads, from 1 to 9999');
  }
  return Number(text);
}

/** How many threads are worth starting here. */
export const threadsHere = (): number => threadLimit() ?? availableParallelism();
