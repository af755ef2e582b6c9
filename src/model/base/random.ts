/**
 * The generator that samples are drawn with: sfc32 (Chris Doty-Humphrey's PractRand, version 0.94), whose state is a
 * value. Integer arithmetic only, so the same seed gives the same numbers on every platform.
 */
export type RandomState = readonly [a: number, b: number, c: number, counter: number];

/** One round: the new state and a 32-bit output. */
function round([a, b, c, counter]: RandomState): { state: RandomState; bits: number } {
  const bits = (a + b + counter) >>> 0;
  const state: RandomState = [
    (b ^ (b >>> 9)) >>> 0,
    (c + (c << 3)) >>> 0,
    (((c << 21) | (c >>> 11)) + bits) >>> 0,
    (counter + 1) >>> 0,
  ];
  return { state, bits };
}

/** The start of stream number `stream` (0, 1, ...) of a seed: streams are independent of each other. */
export function seedRandom(seed: number, stream: number): RandomState {
  let state: RandomState = [seed >>> 0, Math.floor(seed / 2 ** 32) >>> 0, stream >>> 0, 1];
  // Rounds that spread every bit of the seed over the whole state, as PractRand's own seeding does.
  for (let i = 0; i < 15; i++) state = round(state).state;
  return state;
}

/** A number in [0, 1) with 53 random bits, and the state after it. */
export function nextRandom(state: RandomState): { state: RandomState; value: number } {
  const high = round(state);
  const low = round(high.state);
  return { state: low.state, value: ((high.bits >>> 5) * 2 ** 26 + (low.bits >>> 6)) / 2 ** 53 };
}

/** Draws from one stream of a seed, one after another: for what is drawn once, in a fixed order, and never undone. */
export class Random {
  #state: RandomState;

  /**
   * @param seed a whole number from 0 to 2^53 - 1
   * @param stream from 0 to 2^32 - 1: streams of one seed are independent of each other
   */
  constructor(seed: number, stream: number) {
    this.#state = seedRandom(seed, stream);
  }

  /** Uniform in [0, 1). */
  unit(): number {
    const { state, value } = nextRandom(this.#state);
    this.#state = state;
    return value;
  }

  /** Uniform in [from, to). */
  between(from: number, to: number): number {
    return from + (to - from) * this.unit();
  }

  /** A whole number in [0, count). */
  below(count: number): number {
    return Math.floor(this.unit() * count);
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** `count` of the list, or all where it has no more, in random order. */
  some<T>(list: readonly T[], count: number): T[] {
    const rest = [...list];
    const chosen: T[] = [];
    while (chosen.length < count && rest.length > 0) chosen.push(rest.splice(this.below(rest.length), 1)[0]!);
    return chosen;
  }
}
