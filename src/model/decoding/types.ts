/**
 * The contract between a search and a model: a growing tree of tokens.
 *
 * A search numbers the tokens it wants evaluated (`node`), each following another (`parent`, or `ROOT`); the model
 * keeps keys and values for every node it has seen, so a branch can be left, forked or taken up again at no cost.
 */

/** The parent of a first token. */
export const ROOT = -1;

/** One token to evaluate: its logits are those of the token after it. */
export interface TokenRow {
  /** Number of this node, unique within its picture's tree, counting up from 0 in the order of evaluation. */
  readonly node: number;
  /** The node before it, or `ROOT`. A parent may be an earlier row of the same call (a prompt is one chain). */
  readonly parent: number;
  readonly token: number;
}

/** A text as the first rows of a tree, each token after the one before it. */
export function chainOf(ids: readonly number[]): readonly TokenRow[] {
  return ids.map((token, node) => ({ node, parent: node === 0 ? ROOT : node - 1, token }));
}

/** What a model says after each of R rows of one tree: all logits, or those of each row's likeliest tokens. */
export interface RowScores {
  /** log(sum of exp(logit)) over the whole vocabulary, [R]: a token's log-probability is its logit less this. */
  readonly logSumExp: Float64Array;
  /** [R, V] in the order of the vocabulary; with `tokens`, [R, K]. Row-major. */
  readonly logits: Float32Array;
  /** [R, K]: whose logits these are, each row's K likeliest tokens: the best first, and of equals the lower id. */
  readonly tokens?: Int32Array;
}

/** Evaluates rows of token trees, one tree a picture. */
export interface TreeModel {
  readonly vocabSize: number;
  /** How many pictures (trees) it serves side by side. */
  readonly batch: number;
  /**
   * What comes after each row: result[b] is of rows[b]. A picture that needs nothing this time passes no rows. The result is only
   * valid until the next call.
   * @param candidates how many of each row's likeliest tokens the caller needs (`candidatesNeeded`); a model may answer with
   *   more, or with all. Without it, all logits are needed.
   * @throws CocaError `engine` when a row has no finite probabilities
   */
  extend(rows: readonly (readonly TokenRow[])[], candidates?: number): Promise<readonly RowScores[]>;
  /**
   * A hint, given between calls of `extend`: live[b] holds every node of picture b (ascending, ancestors included) that
   * later rows may still follow. The model may forget all others; a later row whose parent it was not told of is the
   * caller's mistake. A caller that goes back to a left branch (a stepper) evaluates it again, under new numbers.
   */
  retain?(live: readonly (readonly number[])[]): void;
  /** Frees the caches. */
  release(): void;
}

/** Ids with a meaning of their own. */
export interface SpecialIds {
  readonly sot: number;
  readonly eot: number;
  readonly pad: number;
}
