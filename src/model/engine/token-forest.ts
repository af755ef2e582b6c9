import type { CocaConfig } from '../config/config.js';
import type { RowScores, TokenRow } from '../decoding/types.js';
import { fillIdleMask, TokenTree } from './token-tree.js';

/** The rows of one call for a batch of B token trees, as a decoder takes them: N rows each, over C cache slots. */
export interface ForestRows {
  /** N: as many as the longest list has; shorter lists are filled up with rows that see only themselves. */
  readonly count: number;
  /** For each tree, the cache slot that its first row takes. */
  readonly firsts: readonly number[];
  /** [B, N] */
  readonly ids: Int32Array;
  /** [B, N] */
  readonly positions: Int32Array;
  /** [B, 1, N, K], K as `add` says. */
  readonly unimodalMask: Float32Array;
  /** [B, 1, N, K] */
  readonly multimodalMask: Float32Array;
}

type ForestBuffers = Pick<ForestRows, 'ids' | 'positions' | 'unimodalMask' | 'multimodalMask'>;

/** What is said of a picture without rows. */
export const NO_SCORES: RowScores = { logSumExp: new Float64Array(0), logits: new Float32Array(0) };

/** The token trees of a batch of pictures, which are evaluated side by side. */
export class TokenForest {
  readonly #trees: TokenTree[];
  #buffers: ForestBuffers | undefined;

  constructor(
    private readonly config: CocaConfig,
    readonly batch: number,
  ) {
    this.#trees = Array.from({ length: batch }, () => this.#empty());
  }

  #empty(): TokenTree {
    const { text, multimodal } = this.config;
    // The last position of the table is the CLS's.
    const contextLength = Math.min(text.context_length, multimodal.context_length);
    return new TokenTree(contextLength, { padId: text.pad_id, correct: text.correct_cls_mask });
  }

  /** Begins a tree anew, from the first slot. */
  clear(entry: number): void {
    this.#trees[entry] = this.#empty();
  }

  /** How many cache slots the fullest tree has taken. */
  get used(): number {
    return Math.max(...this.#trees.map((tree) => tree.used));
  }

  /**
   * Adds rows to every tree (`rows[b]` to tree b).
   * @param capacity C: how many slots the cache has
   * @param layout where the keys of these rows are: `behind` the cache's (K = C + N), or `within` it, in the slots that the rows
   *   take (K = C), which must be there
   * @returns what is valid until the next call
   * @throws CocaError `bad-text` past the context; RangeError for another number of trees
   */
  add(rows: readonly (readonly TokenRow[])[], capacity: number, layout: 'behind' | 'within' = 'behind'): ForestRows {
    const { batch } = this;
    const trees = this.#trees;
    if (rows.length !== batch) throw new RangeError(`${rows.length} lists of rows for ${batch} pictures`);
    const count = Math.max(...rows.map((list) => list.length));
    const firsts = trees.map((tree) => tree.used);
    for (const [entry, tree] of trees.entries()) tree.add(rows[entry]!);

    const isWithin = layout === 'within';
    const keys = isWithin ? capacity : capacity + count;
    const { ids, positions, unimodalMask, multimodalMask } = this.#buffersFor(batch * count, keys);
    for (let entry = 0; entry < batch; entry++) {
      for (let row = 0; row < count; row++) {
        const at = entry * count + row;
        const masks = [unimodalMask, multimodalMask].map((mask) => mask.subarray(at * keys, (at + 1) * keys));
        const given = rows[entry]![row];
        if (given === undefined) {
          // It takes the next free slot, for as long as this call lasts.
          for (const mask of masks) fillIdleMask(isWithin ? firsts[entry]! + row : capacity + row, mask);
          ids[at] = 0;
          positions[at] = 0;
          continue;
        }
        ids[at] = given.token;
        positions[at] = trees[entry]!.position(given.node);
        const firstSlot = isWithin ? capacity : firsts[entry]!;
        trees[entry]!.fillMasks(given.node, { firstSlot, capacity }, masks[0]!, masks[1]!);
      }
    }
    return { count, firsts, ids, positions, unimodalMask, multimodalMask };
  }

  /** The same from call to call while they fit: no garbage. */
  #buffersFor(rows: number, keys: number): ForestBuffers {
    if (this.#buffers?.ids.length !== rows || this.#buffers.unimodalMask.length !== rows * keys) {
      this.#buffers = {
        ids: new Int32Array(rows),
        positions: new Int32Array(rows),
        unimodalMask: new Float32Array(rows * keys),
        multimodalMask: new Float32Array(rows * keys),
      };
    }
    return this.#buffers;
  }

  /**
   * Gives the slots of dead nodes to later ones, in trees where they are the larger part: every slot costs time in each
   * step.
   * @param live for each tree the nodes that can still be followed
   * @returns for each tree the slots that moved to the front, in their order, or undefined where all stay
   */
  retain(live: readonly (readonly number[])[]): readonly (readonly number[] | undefined)[] {
    return this.#trees.map((tree, entry) =>
      2 * live[entry]!.length > tree.used ? undefined : tree.retain(live[entry]!),
    );
  }

  /** Of what there is for all rows of a call, [B, N, ...], that of the rows that were given, for each tree, without copying. */
  givenOf<Numbers extends { readonly length: number; subarray(start: number, end: number): Numbers }>(
    rows: readonly (readonly TokenRow[])[],
    all: Numbers,
  ): readonly Numbers[] {
    const perTree = all.length / this.batch;
    const count = Math.max(...rows.map((list) => list.length));
    return rows.map((list, entry) => all.subarray(entry * perTree, entry * perTree + (list.length * perTree) / count));
  }
}
