import type { Tensor } from 'onnxruntime-node';
import type { CocaConfig } from '../../config/config.js';
import { headCounts, slotsName } from './programs.js';
import type { Feeds } from './session.js';

type TensorConstructor = typeof import('onnxruntime-node').Tensor;

/** How many 32-bit words the numbers of ONNX's indices take; the low one comes first on every machine that has the engine. */
const WORDS = 2;

/** Which picture, head and slot each row of a run belongs to, [B, H, N, 3] for each number of heads. */
export class SlotIndices {
  readonly #heads: readonly number[];
  #made: { readonly count: number; readonly words: readonly Int32Array[]; readonly feeds: Feeds } | undefined;

  constructor(
    private readonly Tensor: TensorConstructor,
    config: CocaConfig,
    private readonly batch: number,
  ) {
    this.#heads = headCounts(config);
  }

  /** @param firsts for each tree the slot that its first row takes; the others take those behind it */
  of(count: number, firsts: readonly number[]): Feeds {
    if (this.#made?.count !== count) this.#made = this.#make(count);
    for (const [i, words] of this.#made.words.entries()) {
      const heads = this.#heads[i]!;
      let at = 0;
      for (let entry = 0; entry < this.batch; entry++) {
        for (let head = 0; head < heads; head++) {
          for (let row = 0; row < count; row++) {
            words[at] = entry;
            words[at + WORDS] = head;
            words[at + 2 * WORDS] = firsts[entry]! + row;
            at += 3 * WORDS;
          }
        }
      }
    }
    return this.#made.feeds;
  }

  #make(count: number) {
    const feeds: Record<string, Tensor> = {};
    const words = this.#heads.map((heads) => {
      const numbers = new BigInt64Array(this.batch * heads * count * 3);
      feeds[slotsName(heads)] = new this.Tensor('int64', numbers, [this.batch, heads, count, 3]);
      return new Int32Array(numbers.buffer);
    });
    return { count, words, feeds };
  }
}
