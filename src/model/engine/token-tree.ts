import { CocaError } from '../base/errors.js';
import { ROOT, type TokenRow } from '../decoding/types.js';

/** What is added to the score of a key that a row may not see; far below any score, and safe to add to one. */
const HIDDEN = -1e30;

/** How a text's padding hides keys from the unimodal half. */
export interface PaddingRule {
  readonly padId: number;
  /** `correct_cls_mask`: a padding token's own key is hidden; otherwise, as in released weights, its successor's. */
  readonly correct: boolean;
}

/** The slot of a node that was forgotten. */
const FORGOTTEN = -1;

/**
 * The tokens of one picture that the model has seen, as a tree: what lies in which cache slot and who follows whom.
 * Rows of a call attend their ancestors and themselves, nothing else; that is all it takes for beams, forks and
 * several captions to share one sequence of keys and values.
 */
export class TokenTree {
  readonly #parents: number[] = [];
  readonly #tokens: number[] = [];
  readonly #positions: number[] = [];
  readonly #slots: number[] = [];
  #usedSlots = 0;

  constructor(
    private readonly contextLength: number,
    private readonly padding: PaddingRule,
  ) {}

  /** How many tokens have been added. */
  get size(): number {
    return this.#parents.length;
  }

  /** How many cache slots are taken: the next free one. */
  get used(): number {
    return this.#usedSlots;
  }

  position(node: number): number {
    return this.#positions[node]!;
  }

  /**
   * Adds rows in order, each to the next slot.
   * @throws CocaError `bad-text` past the context, RangeError for nodes out of order
   */
  add(rows: readonly TokenRow[]): void {
    for (const { node, parent, token } of rows) {
      if (node !== this.size || parent >= node || parent < ROOT || this.#slots[parent] === FORGOTTEN) {
        throw new RangeError(`token tree: node ${node} after ${parent} cannot follow ${this.size} nodes`);
      }
      const position = parent === ROOT ? 0 : this.#positions[parent]! + 1;
      if (position >= this.contextLength) {
        throw new CocaError(
          'bad-text',
          `a text of ${position + 1} tokens does not fit the context of ${this.contextLength}`,
        );
      }
      this.#parents.push(parent);
      this.#tokens.push(token);
      this.#positions.push(position);
      this.#slots.push(this.#usedSlots++);
    }
  }

  /**
   * Forgets every node but these (ascending, with all their ancestors), which move to the first slots.
   * @returns the slots they were in, in order
   */
  retain(live: readonly number[]): number[] {
    const kept = live.map((node) => this.#slots[node]!);
    this.#slots.fill(FORGOTTEN);
    for (const [slot, node] of live.entries()) this.#slots[node] = slot;
    this.#usedSlots = live.length;
    return kept;
  }

  #hidesKey(node: number): boolean {
    const { padId, correct } = this.padding;
    const token = correct ? this.#tokens[node] : this.#tokens[this.#parents[node]!];
    return token === padId;
  }

  /**
   * Fills one row of both masks for a node: key k is cache slot k for k < capacity; from there on, the rows of this
   * call, which took the slots from `firstSlot`.
   */
  fillMasks(
    node: number,
    keys: { readonly firstSlot: number; readonly capacity: number },
    unimodal: Float32Array,
    multimodal: Float32Array,
  ): void {
    unimodal.fill(HIDDEN);
    multimodal.fill(HIDDEN);
    for (let at = node; at !== ROOT; at = this.#parents[at]!) {
      const slot = this.#slots[at]!;
      const key = slot < keys.firstSlot ? slot : keys.capacity + slot - keys.firstSlot;
      multimodal[key] = 0;
      if (!this.#hidesKey(at)) unimodal[key] = 0;
    }
  }
}

/** The mask row of a row that stands for nothing (a picture with fewer rows than its neighbours): it sees itself. */
export function fillIdleMask(key: number, mask: Float32Array): void {
  mask.fill(HIDDEN);
  mask[key] = 0;
}

/** The mask of a text without padding, [L, L]: each row sees itself and those before it. */
export function causalMask(length: number): Float32Array {
  return Float32Array.from({ length: length * length }, (_, i) => (i % length > Math.floor(i / length) ? HIDDEN : 0));
}

/**
 * The text tower's mask for one text, [L + 1, L + 1] with the CLS last: causal, and keys hidden by padding.
 * @param ids the first L ids of the padded text
 * @param full whether those are all the ids of the context
 */
export function fillTextMask(ids: ArrayLike<number>, full: boolean, padding: PaddingRule, mask: Float32Array): void {
  const length = ids.length;
  const side = length + 1;
  for (let key = 0; key < side; key++) {
    // Released weights were trained with the padding mask one place too far right: [CLS, tokens] instead of
    // [tokens, CLS]. There, the last token's padding decides whether the CLS sees itself.
    const isCls = key === length;
    let hidden: boolean;
    if (padding.correct) hidden = !isCls && ids[key] === padding.padId;
    else if (isCls) hidden = full ? ids[length - 1] === padding.padId : true;
    else hidden = key > 0 && ids[key - 1] === padding.padId;
    for (let query = 0; query < side; query++) mask[query * side + key] = hidden || key > query ? HIDDEN : 0;
  }
}
