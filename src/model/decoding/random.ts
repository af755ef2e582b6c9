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
