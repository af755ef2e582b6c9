import { type Kernel, kernelMaker, MemoryPlan, roundUp } from '../../base/numbers/kernel.js';
import { dot } from '../../base/numbers/vectors.js';
import { SHADOWS } from './shadows-wasm.js';

/** What shadows.wat exports. */
interface Functions {
  products(vectors: number, count: number, width: number, other: number, out: number): void;
  near(
    from: number,
    end: number,
    least: number,
    shadows: number,
    shadowWidth: number,
    fourShadows: number,
    rests: number,
    fourRests: number,
    vectors: number,
    width: number,
    four: number,
    out: number,
  ): number;
}

const make = kernelMaker<Functions>(SHADOWS);

/** How many vectors are compared with all others at once: several times four, which the kernel takes. */
export const AT_ONCE = 32;
const FOUR = 4;

/** So many rows are compared with all of these before the next, since memory is slower than the arithmetic. */
const ROWS_AT_ONCE = 256;

/** More than rounding takes from the square of a rest, and from a dot product in single precision or its bound. */
const ROUNDING = { square: 1e-5, product: 1e-4 };

/** Numbers of a 128-bit one. */
const LANES = 4;

type Tell = (at: number, other: number) => void;

/** Unit vectors that others are compared with, each in its place. */
export interface Rows {
  put(at: number, vector: Float32Array): void;
  /** Not copied. */
  get(at: number): Float32Array;
  /**
   * Tells which of those from `from` to before `end` may have a dot product of `least` or more with one of others, and with which: all
   * that have it, and seldom more.
   * @param others `AT_ONCE` at most
   */
  near(others: readonly Float32Array[], from: number, end: number, least: number, tell: Tell): void;
}

/**
 * Vectors and their shadows: how they look from a few directions. What two have in common there, and as much as they could at most have in
 * common elsewhere (Cauchy and Schwarz), bounds their dot product from above for a fraction of its cost.
 */
class ShadowedRows implements Rows {
  /** Numbers of a shadow and of a vector, with zeros for what the kernel reads at once. */
  readonly #shadowLength: number;
  readonly #length: number;
  /** Where the parts of the memory begin, in bytes. */
  readonly #at;
  readonly #numbers: Float32Array;
  readonly #found: Int32Array;

  constructor(
    private readonly kernel: Kernel<Functions>,
    directions: readonly Float32Array[],
    room: number,
    private readonly width: number,
  ) {
    this.#length = roundUp(width, LANES);
    this.#shadowLength = roundUp(Math.max(1, directions.length), LANES);
    const plan = new MemoryPlan();
    const reserve = (count: number): number => plan.reserve(4 * count);
    this.#at = {
      directions: reserve(this.#shadowLength * this.#length),
      shadow: reserve(this.#shadowLength),
      vector: reserve(this.#length),
      otherShadows: reserve(AT_ONCE * this.#shadowLength),
      otherRests: reserve(AT_ONCE),
      others: reserve(AT_ONCE * this.#length),
      shadows: reserve(room * this.#shadowLength),
      rests: reserve(room),
      vectors: reserve(room * this.#length),
      found: reserve(ROWS_AT_ONCE),
    };
    const memory = plan.fit(kernel);
    this.#numbers = new Float32Array(memory);
    this.#found = new Int32Array(memory, this.#at.found, ROWS_AT_ONCE);
    for (const [i, direction] of directions.entries()) {
      this.#numbers.set(direction, this.#at.directions / 4 + i * this.#length);
    }
  }

  put(at: number, vector: Float32Array): void {
    const { shadow, shadows, rests, vectors } = this.#at;
    this.#numbers.set(vector, vectors / 4 + at * this.#length);
    this.#numbers[rests / 4 + at] = this.#cast(vector);
    const start = shadow / 4;
    this.#numbers.copyWithin(shadows / 4 + at * this.#shadowLength, start, start + this.#shadowLength);
  }

  get(at: number): Float32Array {
    const start = this.#at.vectors / 4 + at * this.#length;
    return this.#numbers.subarray(start, start + this.width);
  }

  near(others: readonly Float32Array[], from: number, end: number, least: number, tell: Tell): void {
    for (const [i, other] of others.entries()) {
      this.#numbers[this.#at.otherRests / 4 + i] = this.#cast(other);
      this.#interleave(this.#at.shadow, this.#shadowLength, this.#at.otherShadows, i);
      this.#interleave(this.#at.vector, this.#length, this.#at.others, i);
    }
    const bound = least - ROUNDING.product;
    for (let start = from; start < end; start += ROWS_AT_ONCE) {
      const stop = Math.min(end, start + ROWS_AT_ONCE);
      for (let first = 0; first < others.length; first += FOUR) {
        const count = this.#nearFour(start, stop, bound, first);
        for (const one of this.#found.subarray(0, count)) {
          for (let i = 0; first + i < others.length && i < FOUR; i++) if ((one >> i) & 1) tell(one >> 4, first + i);
        }
      }
    }
  }

  #nearFour(from: number, end: number, least: number, first: number): number {
    const { shadows, otherShadows, rests, otherRests, vectors, others, found } = this.#at;
    const [shadowWidth, width] = [4 * this.#shadowLength, 4 * this.#length];
    return this.kernel.near(
      from,
      end,
      least,
      shadows,
      shadowWidth,
      otherShadows + first * shadowWidth,
      rests,
      otherRests + 4 * first,
      vectors,
      width,
      others + first * width,
      found,
    );
  }

  /** Copies a vector's lanes to where four have theirs in turn. */
  #interleave(from: number, length: number, to: number, place: number): void {
    const group = place - (place % FOUR);
    for (let k = 0; k < length; k += LANES) {
      const start = to / 4 + group * length + FOUR * k + LANES * (place - group);
      this.#numbers.copyWithin(start, from / 4 + k, from / 4 + k + LANES);
    }
  }

  /** Makes the shadow of a vector. Returns the length of what is not in it, or a little more. */
  #cast(vector: Float32Array): number {
    const { directions, vector: place, shadow } = this.#at;
    this.#numbers.set(vector, place / 4);
    this.kernel.products(directions, this.#shadowLength, 4 * this.#length, place, shadow);
    let left = dot(vector, vector) + ROUNDING.square;
    for (let k = 0; k < this.#shadowLength; k++) left -= this.#numbers[shadow / 4 + k]! ** 2;
    return Math.sqrt(Math.max(0, left));
  }
}

/** Without a kernel: any two may be near. */
class PlainRows implements Rows {
  readonly #vectors: Float32Array;

  constructor(
    room: number,
    private readonly width: number,
  ) {
    this.#vectors = new Float32Array(room * width);
  }

  put(at: number, vector: Float32Array): void {
    this.#vectors.set(vector, at * this.width);
  }

  get(at: number): Float32Array {
    return this.#vectors.subarray(at * this.width, (at + 1) * this.width);
  }

  near(others: readonly Float32Array[], from: number, end: number, _least: number, tell: Tell): void {
    for (let at = from; at < end; at++) for (let other = 0; other < others.length; other++) tell(at, other);
  }
}

/**
 * @param directions unit vectors at right angles; the better the vectors lie in what they span, the sooner they are compared
 * @param room how many vectors
 * @param width of each
 */
export function rowsFor(directions: readonly Float32Array[], room: number, width: number): Rows {
  const kernel = make();
  return kernel ? new ShadowedRows(kernel, directions, room, width) : new PlainRows(room, width);
}
