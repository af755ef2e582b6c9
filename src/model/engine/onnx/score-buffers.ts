import type { RowScores, TokenRow } from '../../decoding/types.js';
import type { TokenForest } from '../token-forest.js';
import { CANDIDATES, fillLogSumExp, SCORES } from './row-scores.js';
import type { Feeds } from './session.js';

type TensorConstructor = typeof import('onnxruntime-node').Tensor;

/** Numbers of candidates are rounded up to multiples of it, so that buffers last when bans make them grow. */
const STEP = 16;

/** Where a run writes what it says of N rows for each of B trees. */
export class ScoreBuffers {
  /** K: without a number asked for, all logits are fetched, and one candidate for its value: the greatest. */
  readonly #candidates: number;
  readonly #all: Float32Array | undefined;
  readonly #values: Float32Array;
  /** Token numbers in 64 bits, as words: the low one comes first on every machine that has the engine. */
  readonly #found: Int32Array;
  readonly #tokens: Int32Array;
  readonly #sums: Float32Array;
  readonly #logSumExp: Float64Array;
  readonly feeds: Feeds;
  readonly tensors: Feeds;

  constructor(
    Tensor: TensorConstructor,
    private readonly model: { readonly batch: number; readonly vocabSize: number },
    private readonly count: number,
    wanted: number | undefined,
  ) {
    const { batch, vocabSize } = model;
    const rows = batch * count;
    const candidates = candidatesFor(wanted, vocabSize);
    this.#candidates = candidates;
    this.#all = wanted === undefined ? new Float32Array(rows * vocabSize) : undefined;
    this.#values = new Float32Array(rows * candidates);
    const found = new BigInt64Array(rows * candidates);
    this.#found = new Int32Array(found.buffer);
    this.#tokens = new Int32Array(rows * candidates);
    this.#sums = new Float32Array(rows);
    this.#logSumExp = new Float64Array(rows);
    this.feeds = { [CANDIDATES]: new Tensor('int64', BigInt64Array.of(BigInt(candidates)), [1]) };
    this.tensors = {
      ...(this.#all && { logits: new Tensor('float32', this.#all, [batch, count, vocabSize]) }),
      ...(!this.#all && { [SCORES.tokens]: new Tensor('int64', found, [rows, candidates]) }),
      [SCORES.values]: new Tensor('float32', this.#values, [rows, candidates]),
      [SCORES.shiftedSum]: new Tensor('float32', this.#sums, [rows]),
    };
  }

  fit(count: number, wanted: number | undefined): boolean {
    const isFull = wanted === undefined;
    const candidates = candidatesFor(wanted, this.model.vocabSize);
    return count === this.count && isFull === (this.#all !== undefined) && candidates === this.#candidates;
  }

  /** What the last run wrote, for each tree. @throws CocaError `engine` when a row's logits are not finite */
  read(rows: readonly (readonly TokenRow[])[], forest: TokenForest): readonly RowScores[] {
    const given = rows.flatMap((list, entry) => list.map((_, row) => entry * this.count + row));
    fillLogSumExp(this.#values, this.#sums, given, this.#logSumExp);
    const sums = forest.givenOf(rows, this.#logSumExp);
    if (this.#all) {
      const logits = forest.givenOf(rows, this.#all);
      return rows.map((_, entry) => ({ logSumExp: sums[entry]!, logits: logits[entry]! }));
    }
    for (let i = 0; i < this.#tokens.length; i++) this.#tokens[i] = this.#found[2 * i]!;
    const logits = forest.givenOf(rows, this.#values);
    const tokens = forest.givenOf(rows, this.#tokens);
    return rows.map((_, entry) => ({ logSumExp: sums[entry]!, logits: logits[entry]!, tokens: tokens[entry]! }));
  }
}

function candidatesFor(wanted: number | undefined, vocabSize: number): number {
  return wanted === undefined ? 1 : Math.min(Math.ceil(Math.max(wanted, 1) / STEP) * STEP, vocabSize);
}
