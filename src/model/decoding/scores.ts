import { logSumExp, type Scored, topTokens } from './logits.js';
import type { RowScores } from './types.js';

/**
 * All logits of R rows, [R, V], as a model answers.
 * @param candidates only so many of each row's likeliest tokens
 * @throws CocaError `engine` when a row has no finite probabilities
 */
export function scoresOf(logits: Float32Array, vocabSize: number, candidates = vocabSize): RowScores {
  const rows = logits.length / vocabSize;
  const sums = Float64Array.from({ length: rows }, (_, r) => logSumExp(logits, r * vocabSize, (r + 1) * vocabSize));
  if (candidates >= vocabSize) return { logSumExp: sums, logits };
  const best = { logits: new Float32Array(rows * candidates), tokens: new Int32Array(rows * candidates) };
  for (let row = 0; row < rows; row++) {
    const found = topTokens(logits, row * vocabSize, (row + 1) * vocabSize, candidates);
    for (let rank = 0; rank < candidates; rank++) {
      // Where there are not so many, the last is as good as a token that has no probability.
      const { token, value } = found[rank] ?? { token: found[0]!.token, value: -Infinity };
      best.logits[row * candidates + rank] = value;
      best.tokens[row * candidates + rank] = token;
    }
  }
  return { logSumExp: sums, ...best };
}

/** One row of what a model said. */
export class Row {
  /** log(sum of exp(logit)) over the vocabulary. */
  readonly logSumExp: number;
  readonly #logits: Float32Array;
  readonly #tokens: Int32Array | undefined;
  readonly #start: number;
  readonly #end: number;
  #listed: { readonly k: number; readonly tokens: readonly Scored[] } = { k: 0, tokens: [] };

  /** @param index which of the rows */
  constructor({ logSumExp, logits, tokens }: RowScores, index: number) {
    const width = logits.length / logSumExp.length;
    this.logSumExp = logSumExp[index]!;
    this.#logits = logits;
    this.#tokens = tokens;
    this.#start = index * width;
    this.#end = this.#start + width;
  }

  /** @throws RangeError for a token that the model was not asked about */
  logit(token: number): number {
    if (!this.#tokens) return this.#logits[this.#start + token]!;
    for (let at = this.#start; at < this.#end; at++) if (this.#tokens[at] === token) return this.#logits[at]!;
    throw new RangeError(`the logit of token ${token} is not among those that were asked for`);
  }

  /** log p(token | what the row has read). */
  logprob(token: number): number {
    return this.logit(token) - this.logSumExp;
  }

  /** As `topTokens`: with too few candidates for `k` and the overlay, what there is. */
  top(k: number, overlay?: ReadonlyMap<number, number>): Scored[] {
    return topTokens(this.#logits, this.#start, this.#end, k, overlay, this.#tokens);
  }

  /** The `k` likeliest tokens, for a list; found once. */
  listed(k: number): readonly Scored[] {
    if (this.#listed.k < k) this.#listed = { k, tokens: this.top(k) };
    return this.#listed.tokens.slice(0, k);
  }

  /**
   * All logits, in the order of the vocabulary.
   * @throws RangeError when only those of candidates are there
   */
  get all(): Float32Array {
    if (this.#tokens) throw new RangeError('only the logits of candidates were asked for');
    return this.#logits.subarray(this.#start, this.#end);
  }
}
