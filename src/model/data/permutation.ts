import { nextRandom, seedRandom } from '../base/random.js';

const ROUNDS = 8;

/** A random order of 0 to size - 1 as a function: what comes at a place is computed, so no list of them is held. */
export type Permutation = (place: number) => number;

/**
 * The permutation number `stream` of a seed: a Feistel network over the smallest even number of bits that holds `size`,
 * walked on until it is back in range (Black and Rogaway 2002, "Ciphers with Arbitrary Finite Domains").
 * @param size at most 2^48
 */
export function permutation(size: number, seed: number, stream: number): Permutation {
  if (size < 2) return (place) => place;
  const halfBits = Math.max(1, Math.ceil(Math.log2(size) / 2));
  const half = 2 ** halfBits;
  const keys = roundKeys(seed, stream);
  const once = (value: number): number => {
    let left = Math.floor(value / half);
    let right = value % half;
    for (const key of keys) {
      const next = (left ^ (mix(right ^ key) & (half - 1))) >>> 0;
      left = right;
      right = next;
    }
    return left * half + right;
  };
  return (place) => {
    let value = once(place);
    while (value >= size) value = once(value);
    return value;
  };
}

function roundKeys(seed: number, stream: number): number[] {
  let state = seedRandom(seed, stream);
  return Array.from({ length: ROUNDS }, () => {
    const drawn = nextRandom(state);
    state = drawn.state;
    return Math.floor(drawn.value * 2 ** 32) | 0;
  });
}

/** Spreads every bit over 32: the finaliser of MurmurHash3. */
function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
