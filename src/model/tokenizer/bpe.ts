/** A smallest-first queue of numbers. */
class Heap {
  readonly #items: number[] = [];

  get size(): number {
    return this.#items.length;
  }

  push(value: number): void {
    const items = this.#items;
    let at = items.push(value) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent]! <= value) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = value;
  }

  pop(): number {
    const items = this.#items;
    const top = items[0]!;
    const last = items.pop()!;
    if (items.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && items[child + 1]! < items[child]!) child += 1;
      if (items[child]! >= last) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
    return top;
  }
}

/** Ids stay below 2^16, so a pair of them is one number. */
export const pairKey = (left: number, right: number): number => left * 2 ** 16 + right;

/** Positions in a word stay below this. */
const MAX_WORD = 2 ** 24;

/**
 * Byte-pair encoding of one word (Sennrich et al. 2016): again and again joins the pair that was learned first, leftmost
 * first, in O(n log n) for n symbols.
 *
 * @param symbols ids of the word's letters
 * @param ranks order in which each pair (`pairKey`) was learned
 * @param merged id of the symbol that the pair of a rank becomes
 */
export function encodeWord(
  symbols: readonly number[],
  ranks: ReadonlyMap<number, number>,
  merged: (rank: number) => number,
): number[] {
  if (symbols.length >= MAX_WORD) throw new RangeError(`a word of ${symbols.length} bytes`);
  const end = symbols.length;
  const ids = Int32Array.from(symbols);
  const next = Int32Array.from(symbols, (_, i) => i + 1);
  const previous = Int32Array.from(symbols, (_, i) => i - 1);
  const GONE = -1;
  const rankAt = (at: number): number | undefined =>
    ids[at] === GONE || next[at] === end ? undefined : ranks.get(pairKey(ids[at]!, ids[next[at]!]!));

  const queue = new Heap();
  const offer = (at: number): void => {
    const rank = at < 0 ? undefined : rankAt(at);
    if (rank !== undefined) queue.push(rank * MAX_WORD + at);
  };
  for (let at = 0; at < end; at++) offer(at);

  while (queue.size > 0) {
    const entry = queue.pop();
    const at = entry % MAX_WORD;
    const rank = Math.floor(entry / MAX_WORD);
    if (rankAt(at) !== rank) continue; // one half was joined with something else meanwhile
    const right = next[at]!;
    ids[at] = merged(rank);
    ids[right] = GONE;
    next[at] = next[right]!;
    if (next[at]! < end) previous[next[at]!] = at;
    offer(previous[at]!);
    offer(at);
  }
  return Array.from(ids.filter((id) => id !== GONE));
}
