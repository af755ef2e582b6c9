import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Joining } from '../../src/server/joining.js';
import { Queue } from '../../src/server/queue.js';

/** Work that ends when it is told to, or its signal says so. */
function gate(queue: Queue) {
  let open = (_: string): void => undefined;
  let isStopped = false;
  const done = queue.run(
    ({ signal }) =>
      new Promise<string>((resolve, reject) => {
        open = resolve;
        signal.addEventListener('abort', () => {
          isStopped = true;
          reject(new Error('stopped'));
        });
      }),
  );
  done.catch(() => undefined);
  return { done, open: (text: string) => open(text), isStopped: () => isStopped };
}

const HOUR = 3_600_000;

test('more than it has room for are told to come again, and come in once there is room', async () => {
  const queue = new Queue(2, HOUR);
  const [one, two] = [gate(queue), gate(queue)];
  await expect(queue.run(async () => 'three')).rejects.toMatchObject({ status: 429, more: { retryAfter: 1 } });
  one.open('one');
  expect(await one.done).toBe('one');
  expect(await queue.run(async () => 'three')).toBe('three');
  two.open('two');
  await two.done;
  expect(queue.running).toBe(0);
});

test('what takes too long is stopped, and said so', async () => {
  const slow = gate(new Queue(1, 1));
  await expect(slow.done).rejects.toMatchObject({ status: 504, code: 'timeout' });
  expect(slow.isStopped()).toBe(true);
});

test('work whose client has gone is stopped', async () => {
  const queue = new Queue(1, HOUR);
  const stopped = queue.run(async ({ signal, leave }) => {
    leave();
    signal.throwIfAborted();
  });
  await expect(stopped).rejects.toThrow();
  expect(queue.running).toBe(0);
});

test('at the end: no more come in, those that are in are waited for', async () => {
  const queue = new Queue(4, HOUR);
  const one = gate(queue);
  const closed = queue.close(HOUR);
  await expect(queue.run(async () => 'two')).rejects.toMatchObject({ status: 503, code: 'ending' });
  one.open('one');
  expect(await closed).toBe(0);
  expect(await one.done).toBe('one');
});

test('and stopped once the grace is over, or at once where that is wanted', async () => {
  const queue = new Queue(4, HOUR);
  const one = gate(queue);
  expect(await queue.close(1)).toBe(1);
  await expect(one.done).rejects.toMatchObject({ status: 503 });
  const other = new Queue(4, HOUR);
  const two = gate(other);
  const now = new AbortController();
  const closed = other.close(HOUR, now.signal);
  now.abort();
  expect(await closed).toBe(1);
  await expect(two.done).rejects.toMatchObject({ status: 503 });
  expect(await new Queue(1, HOUR).close(HOUR)).toBe(0);
});

test('what is asked for while something is computed is computed together; a failure is that of those who were in it', async () => {
  const sizes: number[] = [];
  const joining = new Joining<number, number>(async (items) => {
    sizes.push(items.length);
    await wait(1);
    if (items.includes(13)) throw new Error('thirteen');
    return items.map((item) => item * 2);
  }, 3);
  expect(await Promise.all([1, 2, 3, 4, 5].map((item) => joining.run(item)))).toEqual([2, 4, 6, 8, 10]);
  expect(sizes).toEqual([1, 3, 1]);
  const found = await Promise.allSettled([13, 1, 2].map((item) => joining.run(item)));
  expect(found.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
});
