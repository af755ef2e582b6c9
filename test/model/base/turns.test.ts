import { expect, test } from 'vitest';
import { Turns } from '../../../src/model/base/turns.js';

test('work is done in the order in which it was asked for, one at a time', async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const work = (name: string, pauses: number) => async () => {
    seen.push(`${name} begins`);
    for (let i = 0; i < pauses; i++) await undefined;
    seen.push(`${name} ends`);
    return name;
  };
  const results = await Promise.all([turns.take(work('a', 9)), turns.take(work('b', 0)), turns.take(() => 'c')]);
  expect(results).toEqual(['a', 'b', 'c']);
  expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});

test('a failure is told to its own caller alone', async () => {
  const turns = new Turns();
  const failed = turns.take(() => Promise.reject(new Error('broken')));
  const thrown = turns.take(() => {
    throw new Error('thrown');
  });
  const next = turns.take(() => 'done');
  await expect(failed).rejects.toThrow('broken');
  await expect(thrown).rejects.toThrow('thrown');
  expect(await next).toBe('done');
});
