import type { DecodingOptions } from './knobs.js';
import { logSumExp, topTokens } from './logits.js';
import type { Adjustment } from './processors.js';

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
 * @param logits rows x vocabSize; the row that starts at `start` counts.
 * @param changed logits that the rules of the search changed.
 */
export function distribution(
  logits: Float32Array,
  start: number,
  vocabSize: number,
  changed: ReadonlyMap<number, Adjustment>,
  options: Pick<DecodingOptions, 'temperature' | 'topK' | 'topP' | 'minP' | 'scoring'>,
): Distribution {
  const isLast = options.scoring === 'openclip';
  const [before, after] = isLast ? [1, options.temperature] : [options.temperature, 1];
  if (scratch.length < vocabSize) scratch = new Float64Array(vocabSize);
  const values = scratch;
  for (let i = 0; i < vocabSize; i++) values[i] = logits[start + i]! / before;
  for (const [token, { value }] of changed) values[token] = value / before;
  if (best(values, vocabSize, 1).length === 0) return { tokens: [], probabilities: new Float64Array(0) };

  let kept: ArrayLike<number> = options.topK > 0 ? best(values, vocabSize, options.topK) : all(vocabSize);
  if (options.topP < 1) kept = nucleus(values, vocabSize, options.topK > 0 ? kept : undefined, options.topP);
  if (options.minP > 0) {
    let max = -Infinity;
    for (let i = 0; i < kept.length; i++) max = Math.max(max, values[kept[i]!]!);
    const least = max + Math.log(options.minP);
    kept = Array.from(kept).filter((token) => values[token]! >= least);
  }
  const probabilities = new Float64Array(kept.length);
  for (let i = 0; i < kept.length; i++) probabilities[i] = values[kept[i]!]! / after;
  const total = logSumExp(probabilities, 0, kept.length);
  for (let i = 0; i < kept.length; i++) probabilities[i] = Math.exp(probabilities[i]! - total);
  return { tokens: kept, probabilities };
}

function all(vocabSize: number): Int32Array {
  const tokens = new Int32Array(vocabSize);
  for (let token = 0; token < vocabSize; token++) tokens[token] = token;
  return tokens;
}

const best = (values: Float64Array, vocabSize: number, k: number) =>
  topTokens(values, 0, vocabSize, Math.min(k, vocabSize)).map(({ token }) => token);

/**
 * The smallest set of likeliest tokens with probability `mass` (the nucleus of Holtzman et al. 2020).
 * @param sorted the tokens it is taken from, likeliest first; the whole vocabulary when there are none.
 */
function nucleus(
  values: Float64Array,
  vocabSize: number,
  sorted: ArrayLike<number> | undefined,
  mass: number,
): ArrayLike<number> {
  // A nucleus is small as a rule: look among ever more of the likeliest tokens rather than sort a vocabulary.
  let size = sorted ? sorted.length : Math.min(64, vocabSize);
  const total = sorted
    ? logSumExp(
        Float64Array.from(sorted, (token) => values[token]!),
        0,
        sorted.length,
      )
    : logSumExp(values, 0, vocabSize);
  for (;;) {
    const tokens = sorted ?? best(values, vocabSize, size);
    let before = 0;
    for (let rank = 0; rank < tokens.length; rank++) {
      if (before >= mass) return Array.from(tokens).slice(0, rank);
      before += Math.exp(values[tokens[rank]!]! - total);
    }
    if (sorted || size === vocabSize) return tokens;
    size = Math.min(size * 8, vocabSize);
  }
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
