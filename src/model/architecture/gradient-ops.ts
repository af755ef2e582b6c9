import type { Activation } from '../config/config.js';
import type { AttentionInput, Ops, ProjectionParts } from './ops.js';

/**
 * The operations of the way back through residual blocks: each takes the gradient of something by an operation's result
 * and gives that by its input. Rows are those of the batch and the sequence.
 */
export interface GradientOps<T> extends Ops<T> {
  /** Of `linear`, by x: g W; g [..., out], weight [out, in]. */
  linearGradient(g: T, weight: T): T;
  /** Of `inProjection`, by x: the parts' gradients are [B, N, W] each. */
  inProjectionGradient(parts: readonly T[], prefix: string, which: ProjectionParts): T;
  /** Of `layerNorm`, by x. */
  layerNormGradient(g: T, x: T, weight: T, epsilon: number): T;
  /**
   * Of `activate`, by x. GELU: g (Phi(x) + x phi(x)). Its approximation: with t = tanh(u), u = sqrt(2 / pi) (x + 0.044715 x^3),
   * g ((1 + t) / 2 + x (1 - t^2) u' / 2). Quick GELU: with s = sigmoid(1.702 x), g (s + 1.702 x s (1 - s)).
   */
  activationGradient(g: T, x: T, activation: Activation): T;
  /** Of `attention` over rows of the call or a cache, not both; see `AttentionGradients`. */
  attentionGradient(g: T, input: AttentionInput<T>, probabilities: T): AttentionGradients<T>;
  /**
   * Of log softmax(x P)[label], for every row by that row: x [B, N, W], projection [W, V], labels [B, N]. With p the
   * probabilities, it is the sum over v of p[v] (P[label] - P[v]): so written, and not as P[label] less the mean of all, it
   * keeps its digits where the label is nearly certain.
   */
  logprobGradient(x: T, projection: T, labels: T): T;
}

/**
 * What a row's output of an attention owes to itself. Keys and values of other rows are taken as given, and with them
 * all that the row contributes to others: under a causal mask that is the whole gradient of anything that is read
 * from the row alone.
 */
export interface AttentionGradients<T> {
  /** By the probabilities, as though each could change alone: g V^T, [B, H, N, M]. */
  readonly probabilities: T;
  /** [B, N, W] */
  readonly query: T;
  /** By the row's own key and value, [B, N, W] each, where the call has rows of its own. */
  readonly own?: { readonly keys: T; readonly values: T };
}
