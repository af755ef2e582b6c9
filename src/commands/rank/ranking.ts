import type { CaptionLikelihood } from '../../model/api.js';

export type RankBy = 'contrastive' | 'caption' | 'both';

/** What the model says about one caption and one picture; null where it was not asked. */
export interface RankFigures {
  readonly caption: string;
  readonly cosine: number | null;
  readonly likelihood: CaptionLikelihood | null;
  /** Whether the caption was cut to the model's context. */
  readonly truncated?: boolean;
}

/** One ranked caption, as the JSON has it. */
export interface Ranked {
  readonly caption: string;
  readonly cosine: number | null;
  readonly probability: number | null;
  /** Mean log-probability per token, the end token included. */
  readonly logprob: number | null;
  readonly rank: number;
  /** Whether the caption was cut to the model's context; not there where it was not. */
  readonly truncated?: true;
}

export interface RankingOptions {
  readonly by: RankBy;
  /** Whether probabilities are wanted. */
  readonly softmax: boolean;
  readonly minScore: number | undefined;
  readonly top: number | undefined;
  readonly logitScale: number;
  readonly logitBias: number;
}

/**
 * Orders captions for a picture, best first; equals keep the order in which they were given. Probabilities are over
 * all of `figures`, whatever `minScore` and `top` leave out.
 */
export function rankCaptions(figures: readonly RankFigures[], options: RankingOptions): Ranked[] {
  const { by } = options;
  const logits = figures.map((figure) => logitOf(figure, options));
  const probabilities = softmax(logits);
  const rows = figures.map(({ caption, cosine, likelihood, truncated = false }, i) => {
    const logprob = likelihood ? likelihood.sum / likelihood.count : null;
    const score = by === 'caption' ? logprob! : cosine!;
    return {
      caption,
      cosine,
      probability: probabilities[i]!,
      logprob,
      score,
      order: by === 'both' ? logits[i]! : score,
      truncated,
    };
  });
  return rows
    .sort((a, b) => b.order - a.order)
    .map((row, i) => ({ ...row, rank: i + 1 }))
    .filter((row) => options.minScore === undefined || row.score >= options.minScore)
    .slice(0, options.top)
    .map(({ caption, cosine, probability, logprob, rank, truncated }) => ({
      caption,
      cosine,
      probability: options.softmax ? probability : null,
      logprob,
      rank,
      ...(truncated && { truncated }),
    }));
}

/** One text by itself has a probability of 1, which says nothing: a person is shown its figures alone. */
export function withoutProbability(rows: readonly Ranked[]): Ranked[] {
  return rows.map((row) => ({ ...row, probability: null }));
}

/** What the softmax is taken of: log-probabilities up to a constant, so that those of both kinds add up. */
function logitOf({ cosine, likelihood }: RankFigures, { logitScale, logitBias }: RankingOptions): number {
  const contrastive = cosine === null ? 0 : logitScale * cosine + logitBias;
  return contrastive + (likelihood?.sum ?? 0);
}

/** exp(x) / sum of exp(x), without overflow. */
export function softmax(logits: readonly number[]): number[] {
  const highest = logits.reduce((max, value) => Math.max(max, value), Number.NEGATIVE_INFINITY);
  const powers = logits.map((value) => Math.exp(value - highest));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
}
