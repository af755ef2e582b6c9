import { Lru } from '../base/lru.js';
import type { Beam } from '../decoding/state.js';
import { ROOT, type RowScores, type TokenRow, type TreeModel } from '../decoding/types.js';

/** Logits are kept up to so many bytes: 1300 rows of CLIP's vocabulary. */
const KEPT_BYTES = 256 * 2 ** 20;

/** A text, from the start token: its nodes in the tree of the searches that ask, and its ids. */
export type Stem = Pick<Beam, 'path' | 'ids'>;

const keyOf = ({ path, ids }: Stem): string => path.map((node, place) => `${node}:${ids[place]}`).join();

/** A text and what it begins with, down to `length` ids. */
export const stemOf = ({ path, ids }: Stem, length: number): Stem => ({
  path: path.slice(0, length),
  ids: ids.slice(0, length),
});

/**
 * What a model has said after texts, so that it is asked once: steps that are undone and done again cost nothing more.
 * The model numbers nodes as it evaluates them; the searches' own numbers can mean other tokens after an undo, so a text
 * goes by its nodes and ids.
 *
 * Of logits the latest looked at are kept, up to a limit. Keys and values stay with the model, which is told what running
 * searches can still follow, as `decode` tells it. What one goes back to beyond that is evaluated again, in the same call
 * as what follows it.
 */
export class Evaluations {
  /** Nodes that the model still knows. */
  readonly #nodes = new Map<string, number>();
  readonly #rows = new Lru<string, RowScores>();
  /** parents[node], of every node there ever was. */
  readonly #parents: number[] = [];
  #failure: unknown;

  constructor(
    readonly model: TreeModel,
    private readonly keptBytes = KEPT_BYTES,
  ) {}

  /** How many tokens the model has evaluated. */
  get count(): number {
    return this.#parents.length;
  }

  /** Has the model evaluate those texts that it has not, in one call. */
  async evaluate(stems: readonly Stem[]): Promise<void> {
    // What is looked up counts as used, and stays.
    for (const stem of stems) this.#rows.get(keyOf(stem));
    const rows = this.#missing(stems);
    if (rows.size === 0) return;
    const { logits, logSumExp } = await this.#extend([...rows.values()]);
    const { vocabSize } = this.model;
    for (const [place, [key, { node, parent }]] of [...rows].entries()) {
      this.#parents.push(parent);
      if (!this.#nodes.has(key)) this.#nodes.set(key, node);
      this.#rows.set(key, {
        logits: logits.slice(place * vocabSize, (place + 1) * vocabSize),
        logSumExp: logSumExp.slice(place, place + 1),
      });
    }
    const latest = stems.length + rows.size;
    this.#rows.trim(Math.max(latest, Math.floor(this.keptBytes / (4 * vocabSize))));
  }

  /**
   * What comes after a text, of all tokens.
   * @throws RangeError for one that was not evaluated, or too long ago
   */
  readonly scores = (stem: Stem): RowScores => {
    const row = this.#rows.get(keyOf(stem));
    if (!row) throw new RangeError(`the text ${keyOf(stem)} was not evaluated`);
    return row;
  };

  /** Lets the model forget every text but these and what they begin with. */
  retain(stems: readonly Stem[]): void {
    const live = new Set<number>();
    for (const stem of stems) {
      for (let length = stem.ids.length; length > 0; length--) {
        let node = this.#nodes.get(keyOf(stemOf(stem, length)));
        if (node === undefined) continue;
        for (; node !== ROOT; node = this.#parents[node]!) live.add(node);
        break;
      }
    }
    for (const [key, node] of this.#nodes) if (!live.has(node)) this.#nodes.delete(key);
    this.model.retain?.([[...live].sort((a, b) => a - b)]);
  }

  /** After a failure it is unknown what the model has taken in: it is asked nothing more. */
  async #extend(rows: readonly TokenRow[]): Promise<RowScores> {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      const [scores] = await this.model.extend([rows]);
      return scores!;
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  /** Rows for texts whose logits are not there, and for what they begin with where the model does not know it. */
  #missing(stems: readonly Stem[]): Map<string, TokenRow> {
    const rows = new Map<string, TokenRow>();
    const add = (stem: Stem): number => {
      const before = stemOf(stem, stem.ids.length - 1);
      const key = keyOf(before);
      const parent = key === '' ? ROOT : (rows.get(key)?.node ?? this.#nodes.get(key) ?? add(before));
      const node = this.count + rows.size;
      rows.set(keyOf(stem), { node, parent, token: stem.ids.at(-1)! });
      return node;
    };
    for (const stem of stems) {
      const key = keyOf(stem);
      if (!this.#rows.has(key) && !rows.has(key)) add(stem);
    }
    return rows;
  }
}
