import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { grouped, mapAhead } from '../../../src/model/base/pipeline.js';

async function* count(to: number, onPull: (n: number) => void = () => undefined): AsyncGenerator<number> {
  for (let n = 0; n < to; n++) {
    onPull(n);
    yield n;
  }
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

describe('mapAhead', () => {
  it('keeps the order, whichever result is ready first', async () => {
    const work = async (n: number): Promise<number> => {
      if (n % 3 === 0) await delay(3);
      return n * 10;
    };
    expect(await collect(mapAhead(count(10), work, 4))).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
  });

  it('works ahead, but no further than told', async () => {
    let started = 0;
    const results = mapAhead(
      count(100),
      async (n) => {
        started++;
        return n;
      },
      3,
    );
    for (let taken = 1; taken <= 5; taken++) {
      await results.next();
      await delay(1);
      expect(started).toBeLessThanOrEqual(taken + 3);
    }
    await results.return(undefined);
  });

  it('hands out a result while the source has nothing more yet', async () => {
    async function* slow(): AsyncGenerator<string> {
      yield 'first';
      await new Promise(() => undefined);
    }
    const results = mapAhead(slow(), async (word) => word, 8);
    expect((await results.next()).value).toBe('first');
  });

  it('passes a failure on in its turn', async () => {
    const results = mapAhead(
      count(3),
      async (n) => {
        if (n === 1) throw new Error('one');
        return n;
      },
      3,
    );
    expect((await results.next()).value).toBe(0);
    await expect(results.next()).rejects.toThrow('one');
  });
});

describe('grouped', () => {
  it.each<[number, number, number[][]]>([
    [5, 2, [[0, 1], [2, 3], [4]]],
    [
      4,
      2,
      [
        [0, 1],
        [2, 3],
      ],
    ],
    [0, 3, []],
    [2, 1, [[0], [1]]],
  ])('%i items by %i', async (items, size, groups) => {
    expect(await collect(grouped(count(items), size))).toEqual(groups);
  });
});
