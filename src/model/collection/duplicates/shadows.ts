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

/** What is in the kernel's memory; `vector` and `shadow` are those that were worked on last. */
type Part =
  | 'directions'
  | 'vector'
  | 'shadow'
  | 'others'
  | 'otherShadows'
  | 'otherRests'
  | 'vectors'
  | 'shadows'
  | 'rests';

type Tell = (at: number, other: number) => void;

/** Unit vectors that others are compared with, each in its place. */
export interface Rows {
  put(at: number, vector: Float32Array): void;
  /** Not copied. */
  get(at: number): Float32Array;
  /**
   * Tells which of those from `from` to before `end` may have a dot product of `least` or more with one of others, and with which: all
   * that have it, and perhaps more.
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
  readonly #parts: Readonly<Record<Part, Float32Array>>;
  readonly #found: Int32Array;

  constructor(
    private readonly kernel: Kernel<Functions>,
    directions: readonly Float32Array[],
    room: number,
    private readonly width: number,
  ) {
    this.#length = roundUp(width, LANES);
    this.#shadowLength = roundUp(Math.max(1, directions.length), LANES);
    const lengths: Record<Part, number> = {
      directions: this.#shadowLength * this.#length,
      shadow: this.#shadowLength,
      vector: this.#length,
      otherShadows: AT_ONCE * this.#shadowLength,
      otherRests: AT_ONCE,
      others: AT_ONCE * this.#length,
      shadows: room * this.#shadowLength,
      rests: room,
      vectors: room * this.#length,
    };
    const plan = new MemoryPlan();
    const places = Object.entries(lengths).map(([part, length]) => ({ part, length, start: plan.reserve(4 * length) }));
    const found = plan.reserve(4 * ROWS_AT_ONCE);
    const memory = plan.fit(kernel);
    this.#parts = Object.fromEntries(
      places.map(({ part, length, start }) => [part, new Float32Array(memory, start, length)]),
    ) as Record<Part, Float32Array>;
    this.#found = new Int32Array(memory, found, ROWS_AT_ONCE);
    for (const [i, direction] of directions.entries()) this.#parts.directions.set(direction, i * this.#length);
  }

  put(at: number, vector: Float32Array): void {
    const { shadow, shadows, rests, vectors } = this.#parts;
    vectors.set(vector, at * this.#length);
    rests[at] = this.#cast(vector);
    shadows.set(shadow, at * this.#shadowLength);
  }

  get(at: number): Float32Array {
    return this.#parts.vectors.subarray(at * this.#length, at * this.#length + this.width);
  }

  near(others: readonly Float32Array[], from: number, end: number, least: number, tell: Tell): void {
    const parts = this.#parts;
    for (const [i, other] of others.entries()) {
      parts.otherRests[i] = this.#cast(other);
      interleave(parts.shadow, parts.otherShadows, i);
      interleave(parts.vector, parts.others, i);
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
    const { shadows, otherShadows, rests, otherRests, vectors, others } = this.#parts;
    const [shadowWidth, width] = [4 * this.#shadowLength, 4 * this.#length];
    return this.kernel.near(
      from,
      end,
      least,
      shadows.byteOffset,
      shadowWidth,
      otherShadows.byteOffset + first * shadowWidth,
      rests.byteOffset,
      otherRests.byteOffset + 4 * first,
      vectors.byteOffset,
      width,
      others.byteOffset + first * width,
      this.#found.byteOffset,
    );
  }

  /** Makes `vector` and `shadow` those of a vector. Returns the length of what is not in the shadow, or a little more. */
  #cast(given: Float32Array): number {
    const { directions, vector, shadow } = this.#parts;
    vector.set(given);
    const width = 4 * this.#length;
    this.kernel.products(directions.byteOffset, this.#shadowLength, width, vector.byteOffset, shadow.byteOffset);
    let left = dot(given, given) + ROUNDING.square;
    for (const part of shadow) left -= part ** 2;
    return Math.sqrt(Math.max(0, left));
  }
}

/** Copies a vector to its place among others, of which each four have their lanes in turn. */
function interleave(vector: Float32Array, to: Float32Array, place: number): void {
  const group = place - (place % FOUR);
  for (let k = 0; k < vector.length; k += LANES) {
    to.set(vector.subarray(k, k + LANES), group * vector.length + FOUR * k + LANES * (place - group));
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
