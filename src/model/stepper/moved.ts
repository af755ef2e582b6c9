import type { RowScores } from '../decoding/types.js';

/** A token that a change makes likelier, or less likely. */
export interface Moved {
  readonly token: number;
  /** Under the change, and without it. */
  readonly logprob: number;
  readonly before: number;
}

/**
 * The tokens whose probability moved most, the furthest first; of equals the lower id.
 * @param before what the model says without the change: one row, of all tokens
 * @param after the same under it
 */
export function movedTokens(before: RowScores, after: RowScores, most: number): readonly Moved[] {
  const { length } = after.logits;
  const logprobOf = ({ logits, logSumExp }: RowScores, token: number): number =>
    Math.fround(logits[token]! - logSumExp[0]!);
  const distances = Float64Array.from({ length }, (_, token) =>
    Math.abs(Math.exp(logprobOf(after, token)) - Math.exp(logprobOf(before, token))),
  );
  const found: number[] = [];
  for (let token = 0; token < length; token++) {
    if (found.length === most && distances[token]! <= distances[found.at(-1)!]!) continue;
    const place = found.findIndex((other) => distances[other]! < distances[token]!);
    found.splice(place < 0 ? found.length : place, 0, token);
    found.length = Math.min(found.length, most);
  }
  return found.map((token) => ({ token, logprob: logprobOf(after, token), before: logprobOf(before, token) }));
}
