/** Slots are added this many at a time, so that most steps run with buffers, shapes and memory plans of the last. */
export const GROWTH = 32;

/**
 * Keys and values of one self-attention layer for a batch of token trees: [B, H, C, D], of which the first slots of
 * each batch entry are in use. Rows are only ever appended; a tree's branches share the slots of their common stem.
 */
export class LayerCache {
  keys = new Float32Array(0);
  values = new Float32Array(0);
  #slots = 0;
  /** What both are the beginnings of: with room to grow, and used again for the next trees. */
  #rooms = [new Float32Array(0), new Float32Array(0)] as const as readonly Float32Array<ArrayBuffer>[];

  constructor(
    private readonly batch: number,
    readonly heads: number,
    readonly depth: number,
  ) {}

  /** How many slots there are: C. */
  get capacity(): number {
    return this.#slots;
  }

  /** Makes room for `needed` slots, keeping the first `used`. */
  reserve(needed: number, used: number): void {
    if (needed <= this.#slots) return;
    const { batch, heads, depth } = this;
    const slots = Math.ceil(needed / GROWTH) * GROWTH;
    const floats = batch * heads * slots * depth;
    this.#rooms = this.#rooms.map((room) => {
      const grown = room.length >= floats ? room : new Float32Array(Math.max(floats, 2 * room.length));
      // The last first: within one buffer, a plane moves to where later ones were.
      for (let plane = batch * heads - 1; plane >= 0; plane--) {
        const from = plane * this.#slots * depth;
        grown.set(room.subarray(from, from + used * depth), plane * slots * depth);
      }
      return grown;
    });
    this.#slots = slots;
    this.keys = this.#rooms[0]!.subarray(0, floats);
    this.values = this.#rooms[1]!.subarray(0, floats);
  }

  /** Forgets every slot. What was in them may still be read, where nothing has been written since. */
  clear(): void {
    this.#slots = 0;
  }

  /** Moves the slots `kept` (ascending) of one batch entry to the front, in their order; the others are lost. */
  compact(entry: number, kept: readonly number[]): void {
    const { heads, depth } = this;
    for (const buffer of [this.keys, this.values]) {
      for (let head = 0; head < heads; head++) {
        const plane = (entry * heads + head) * this.#slots * depth;
        for (const [slot, from] of kept.entries()) {
          if (slot !== from) buffer.copyWithin(plane + slot * depth, plane + from * depth, plane + (from + 1) * depth);
        }
      }
    }
  }

  /**
   * Writes rows into the slots from `first` on.
   * @param keys, values [B, H, N, D] of which the first `count` rows of `entry` are taken
   */
  write(entry: number, first: number, keys: Float32Array, values: Float32Array, count: number): void {
    const { batch, heads, depth } = this;
    const rows = keys.length / (batch * heads * depth);
    for (let head = 0; head < heads; head++) {
      const plane = entry * heads + head;
      const from = plane * rows * depth;
      const to = (plane * this.#slots + first) * depth;
      this.keys.set(keys.subarray(from, from + count * depth), to);
      this.values.set(values.subarray(from, from + count * depth), to);
    }
  }
}
