/** Slots are added this many at a time, so that most steps run with buffers, shapes and memory plans of the last. */
const GROWTH = 32;

/**
 * Keys and values of one self-attention layer for a batch of token trees: [B, H, C, D], of which the first slots of
 * each batch entry are in use. Rows are only ever appended; a tree's branches share the slots of their common stem.
 */
export class LayerCache {
  keys: Float32Array;
  values: Float32Array;
  #slots = 0;

  constructor(
    private readonly batch: number,
    readonly heads: number,
    readonly depth: number,
  ) {
    this.keys = new Float32Array(0);
    this.values = new Float32Array(0);
    this.reserve(1, 0);
  }

  /** How many slots there are: C. */
  get capacity(): number {
    return this.#slots;
  }

  /** Makes room for `needed` slots, keeping the first `used`. */
  reserve(needed: number, used: number): void {
    if (needed <= this.#slots) return;
    const grown = Math.ceil(needed / GROWTH) * GROWTH;
    this.keys = this.#resized(this.keys, grown, used);
    this.values = this.#resized(this.values, grown, used);
    this.#slots = grown;
  }

  #resized(old: Float32Array, slots: number, used: number): Float32Array {
    const { batch, heads, depth } = this;
    const fresh = new Float32Array(batch * heads * slots * depth);
    for (let plane = 0; plane < batch * heads; plane++) {
      const from = plane * this.#slots * depth;
      fresh.set(old.subarray(from, from + used * depth), plane * slots * depth);
    }
    return fresh;
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
   * Writes one row into a slot.
   * @param rowKeys, rowValues [B, N, H x D] outputs of the model, of which row `row` of entry `entry` is taken
   */
  write(entry: number, slot: number, rowKeys: Float32Array, rowValues: Float32Array, row: number, rows: number): void {
    const { heads, depth } = this;
    const from = (entry * rows + row) * heads * depth;
    for (let head = 0; head < heads; head++) {
      const to = ((entry * heads + head) * this.#slots + slot) * depth;
      const start = from + head * depth;
      this.keys.set(rowKeys.subarray(start, start + depth), to);
      this.values.set(rowValues.subarray(start, start + depth), to);
    }
  }
}
