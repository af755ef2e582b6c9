import type { DecodingOptions } from './knobs.js';
import { logSumExp, type Scored, topTokens } from './logits.js';
import { type Adjustment, valuesOf } from './processors.js';
import type { Row } from './scores.js';

/** What a sample is drawn from; empty when every token is banned. */
export interface Distribution {
  /** Tokens that may be drawn; the likeliest first where top-k or top-p sorted them, else in the vocabulary's order. */
  readonly tokens: ArrayLike<number>;
  /** Their probabilities, which sum to 1. */
  readonly probabilities: Float64Array;
}

// Vocabulary-sized room that calls share; nothing in it outlives a call.
let scratch = new Float64Array(0);

/**
 * The distribution that is left after temperature, top-k, top-p and min-p, in this order, as in transformers; OpenCLIP's
 * `generate` divides by the temperature last.
 *
 * @param row what the model says; with top-k the k likeliest of what is not banned are enough.
 * @param changed logits that the rules of the search changed.
 */
export function distribution(
  row: Row,
  changed: ReadonlyMap<number, Adjustment>,
  options: Pick<DecodingOptions, 'temperature' | 'topK' | 'topP' | 'minP' | 'scoring'>,
): Distribution {
  const isLast = options.scoring === 'openclip';
  const [before, after] = isLast ? [1, options.temperature] : [options.temperature, 1];
  const kept = options.topK > 0 ? likeliest(row, changed, before, options) : unlimited(row, changed, before, options);
  const { tokens, values } = options.minP > 0 ? withoutUnlikely(kept, options.minP) : kept;
  if (tokens.length === 0) return { tokens, probabilities: new Float64Array(0) };
  const probabilities = values.map((value) => value / after);
  const total = logSumExp(probabilities, 0, probabilities.length);
  for (let i = 0; i < probabilities.length; i++) probabilities[i] = Math.exp(probabilities[i]! - total);
  return { tokens, probabilities };
}

/** Tokens and their values, side by side. */
interface Kept {
  readonly tokens: ArrayLike<number>;
  readonly values: Float64Array;
}

const keptOf = (best: readonly Scored[]): Kept => ({
  tokens: best.map(({ token }) => token),
  values: Float64Array.from(best, ({ value }) => value),
});

/** Those of top-k, likeliest first, and of them those of top-p. */
function likeliest(
  row: Row,
  changed: ReadonlyMap<number, Adjustment>,
  temperature: number,
  { topK, topP }: Pick<DecodingOptions, 'topK' | 'topP'>,
): Kept {
  const best = row.top(topK, valuesOf(changed)).map(({ token, value }) => ({ token, value: value / temperature }));
  if (topP === 1 || best.length === 0) return keptOf(best);
  return keptOf(nucleus(best, logSumExp(keptOf(best).values, 0, best.length), topP) ?? best);
}

/** Those of top-p, likeliest first, or the whole vocabulary in its order. */
function unlimited(
  row: Row,
  changed: ReadonlyMap<number, Adjustment>,
  temperature: number,
  { topP }: Pick<DecodingOptions, 'topP'>,
): Kept {
  const logits = row.all;
  const vocabSize = logits.length;
  if (scratch.length < vocabSize) scratch = new Float64Array(vocabSize);
  const values = scratch.subarray(0, vocabSize);
  for (let i = 0; i < vocabSize; i++) values[i] = logits[i]! / temperature;
  for (const [token, { value }] of changed) values[token] = value / temperature;
  if (topTokens(values, 0, vocabSize, 1).length === 0) return { tokens: [], values: new Float64Array(0) };
  if (topP === 1) return { tokens: Int32Array.from({ length: vocabSize }, (_, token) => token), values };
  const total = logSumExp(values, 0, vocabSize);
  // A nucleus is small as a rule: look among ever more of the likeliest tokens rather than sort a vocabulary.
  for (let size = Math.min(64, vocabSize); ; size = Math.min(size * 8, vocabSize)) {
    const best = topTokens(values, 0, vocabSize, size);
    const found = nucleus(best, total, topP) ?? (size === vocabSize ? best : undefined);
    if (found) return keptOf(found);
  }
}

/**
 * The smallest set of likeliest tokens with probability `mass` (the nucleus of Holtzman et al. 2020); nothing when all of
 * `sorted` do not have that much.
 * @param total log(sum of exp(value)) of what the probabilities are of
 */
function nucleus(sorted: readonly Scored[], total: number, mass: number): readonly Scored[] | undefined {
  let before = 0;
  for (const [rank, { value }] of sorted.entries()) {
    if (before >= mass) return sorted.slice(0, rank);
    before += Math.exp(value - total);
  }
  return undefined;
}

/** Without tokens that are less than `minP` as likely as the likeliest. */
function withoutUnlikely({ tokens, values }: Kept, minP: number): Kept {
  const max = values.reduce((most, value) => Math.max(most, value), -Infinity);
  const least = max + Math.log(minP);
  return { tokens: Array.from(tokens).filter((_, i) => values[i]! >= least), values: values.filter((v) => v >= least) };
}

/** The token at `fraction` (in [0, 1)) of a distribution's cumulated probability; nothing of an empty one. */
export function draw({ tokens, probabilities }: Distribution, fraction: number): number | undefined {
  let passed = 0;
  let last = 0;
  for (let i = 0; i < probabilities.length; i++) {
    if (probabilities[i] === 0) continue;
    passed += probabilities[i]!;
    last = i;
    if (passed > fraction) break;
  }
  return tokens[last];
}
