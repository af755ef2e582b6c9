/** The process that an isolated engine runs in: it answers calls until its parent is gone. */
import { plainError } from '../../base/errors.js';
import { reasonOf } from '../devices.js';
import { NetworkCalls } from './calls.js';
import type { Following, Request, Response } from './protocol.js';

/** Meant for the program as a whole, and sent to all its processes: the parent of this one ends it. */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

/** Nothing is to be saved here, and native libraries can hang as they leave. */
const leave = (): void => void process.kill(process.pid, 'SIGKILL');
process.on('disconnect', leave);
if (!process.connected) leave();

process.on('uncaughtException', (error) => {
  process.stderr.write(`${reasonOf(error)}\n`, () => process.exit(1));
});

// Who is no longer there to be answered is no failure.
const send = (response: Response): void => void process.send!(response, undefined, undefined, () => undefined);

const calls = new NetworkCalls((remark) => send({ remark }));

const running = new Map<number, AbortController>();

process.on('message', async (request: Request) => {
  if ('stop' in request) return running.get(request.stop)?.abort();
  const { id, name, args, isFollowed } = request;
  const controller = new AbortController();
  running.set(id, controller);
  try {
    const call = calls[name] as (...args: unknown[]) => Promise<unknown>;
    const following: Following<unknown> = {
      tell: isFollowed ? (part) => send({ id, part }) : undefined,
      signal: controller.signal,
    };
    send({ id, result: await call.apply(calls, [...args, following]) });
  } catch (error) {
    send({ id, error: plainError(error) });
  } finally {
    running.delete(id);
  }
});
