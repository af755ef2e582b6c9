import { nextRandom, type RandomState, seedRandom } from '../decoding/random.js';

/** Draws from one stream of a seed, one after another: for what is drawn once, in a fixed order, and never undone. */
export class Random {
  private state: RandomState;

  /**
   * @param seed a whole number from 0 to 2^53 - 1
   * @param stream from 0 to 2^32 - 1: streams of one seed are independent of each other
   */
  constructor(seed: number, stream: number) {
    this.state = seedRandom(seed, stream);
  }

  /** Uniform in [0, 1). */
  unit(): number {
    const { state, value } = nextRandom(this.state);
    this.state = state;
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
