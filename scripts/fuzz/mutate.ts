/** Whole numbers below `end`, the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): (end: number) => number {
  let state = seed >>> 0;
  return (end) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return Math.floor((((x ^ (x >>> 14)) >>> 0) / 2 ** 32) * end);
  };
}

/** Numbers at which arithmetic goes wrong. */
const EDGES = [
  0n,
  1n,
  127n,
  128n,
  255n,
  65_535n,
  65_536n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n,
  2n ** 63n,
];

const MAX_LENGTH = 16_384;

/**
 * `bytes` changed in one to four places: bits, bytes, numbers, parts left out, doubled, or taken from another input.
 * @param words what the format is made of
 */
export function mutate(
  bytes: Uint8Array,
  other: Uint8Array,
  words: readonly string[],
  below: (end: number) => number,
): Buffer {
  let result = Buffer.from(bytes);
  for (let left = 1 + below(4); left > 0; left--) result = mutateOnce(result, other, words, below);
  return result.subarray(0, MAX_LENGTH);
}

function mutateOnce(
  bytes: Buffer<ArrayBuffer>,
  other: Uint8Array,
  words: readonly string[],
  below: (end: number) => number,
): Buffer<ArrayBuffer> {
  const at = below(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + below(1 + below(64)));
  const replaced = (part: Uint8Array, to = at) => Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(to)]);
  switch (below(8)) {
    case 0:
      return replaced(Buffer.of((bytes[at] ?? 0) ^ (1 << below(8))), at + 1);
    case 1:
      return replaced(Buffer.of(below(256)), at + 1);
    case 2:
      return replaced(Buffer.alloc(0), end);
    case 3:
      return replaced(bytes.subarray(at, end));
    case 4: {
      const number = Buffer.alloc(8);
      number.writeBigUInt64LE(EDGES[below(EDGES.length)]!);
      const width = [1, 2, 4, 8][below(4)]!;
      return replaced(number.subarray(0, width), at + width);
    }
    case 5: {
      const from = below(other.length + 1);
      return replaced(other.subarray(from, from + 1 + below(64)), below(2) === 0 ? at : end);
    }
    default: {
      const word = Buffer.from(words[below(words.length)] ?? String(EDGES[below(EDGES.length)]), 'latin1');
      return replaced(word, below(2) === 0 ? at : end);
    }
  }
}
