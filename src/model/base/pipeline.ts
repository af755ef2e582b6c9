/**
 * Applies `work` to each item, up to `ahead` items at a time and before the consumer asks for them, and yields the
 * results in the order of the items. Memory holds at most `ahead` of them, however long the source is.
 * @param source an async generator: it queues requests, so several may be open at once.
 */
export async function* mapAhead<T, R>(
  source: AsyncGenerator<T>,
  work: (item: T) => Promise<R>,
  ahead: number,
): AsyncGenerator<R> {
  const end = Symbol('end');
  const pull = async (): Promise<R | typeof end> => {
    const next = await source.next();
    return next.done ? end : work(next.value);
  };
  const running: Promise<R | typeof end>[] = [];
  try {
    for (;;) {
      while (running.length < ahead) {
        const result = pull();
        // A failure counts when its turn comes; until then it must not count as unhandled.
        result.catch(() => undefined);
        running.push(result);
      }
      const result = await running.shift()!;
      if (result === end) return;
      yield result;
    }
  } finally {
    // Not awaited: a list that waits for its writer would hold up a consumer that wants no more.
    source.return(undefined).catch(() => undefined);
  }
}

/** Those of the source's items that are wanted. */
export async function* filtered<T>(
  source: AsyncGenerator<T>,
  isWanted: (item: T) => Promise<boolean>,
): AsyncGenerator<T> {
  for await (const item of source) if (await isWanted(item)) yield item;
}

/** The source in groups of `size`; the last may be smaller. */
export async function* grouped<T>(source: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let group: T[] = [];
  for await (const item of source) {
    group.push(item);
    if (group.length === size) {
      yield group;
      group = [];
    }
  }
  if (group.length > 0) yield group;
}
