import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type RankFigures, type RankingOptions, rankCaptions, softmax } from '../../../src/commands/rank/ranking.js';

const options: RankingOptions = {
  by: 'contrastive',
  softmax: true,
  minScore: undefined,
  top: undefined,
  logitScale: 10,
  logitBias: -5,
};

const figures: RankFigures[] = [
  { caption: 'a', cosine: 0.1, likelihood: { sum: -4, count: 2 } },
  { caption: 'b', cosine: 0.3, likelihood: { sum: -9, count: 9 } },
  { caption: 'c', cosine: 0.2, likelihood: { sum: -4.5, count: 3 } },
];

describe('rankCaptions', () => {
  it('orders by cosine; probability is the softmax of scale x cosine', () => {
    const ranked = rankCaptions(
      figures.map((f) => ({ ...f, likelihood: null })),
      options,
    );
    expect(ranked.map(({ caption, rank, logprob }) => [caption, rank, logprob])).toEqual([
      ['b', 1, null],
      ['c', 2, null],
      ['a', 3, null],
    ]);
    // exp(3), exp(2), exp(1) over their sum
    expect(ranked.map(({ probability }) => probability)).toEqual([
      expect.closeTo(0.665241, 6),
      expect.closeTo(0.244728, 6),
      expect.closeTo(0.090031, 6),
    ]);
  });

  it('orders by mean log-probability; probability is the softmax of the sums', () => {
    const ranked = rankCaptions(
      figures.map((f) => ({ ...f, cosine: null })),
      { ...options, by: 'caption' },
    );
    expect(ranked.map(({ caption, logprob }) => [caption, logprob])).toEqual([
      ['b', -1],
      ['c', -1.5],
      ['a', -2],
    ]);
    const total = Math.exp(-4) + Math.exp(-9) + Math.exp(-4.5);
    expect(ranked[0]!.probability).toBeCloseTo(Math.exp(-9) / total, 12);
  });

  it('orders by the product of both', () => {
    const ranked = rankCaptions(figures, { ...options, by: 'both' });
    // scale x cosine + sum: a 1 - 4 = -3, b 3 - 9 = -6, c 2 - 4.5 = -2.5
    expect(ranked.map(({ caption }) => caption)).toEqual(['c', 'a', 'b']);
    const total = Math.exp(-3) + Math.exp(-6) + Math.exp(-2.5);
    expect(ranked[0]!.probability).toBeCloseTo(Math.exp(-2.5) / total, 12);
    expect(ranked[0]).toMatchObject({ cosine: 0.2, logprob: -1.5 });
  });

  it('leaves out after probabilities were computed', () => {
    const all = rankCaptions(figures, options);
    expect(rankCaptions(figures, { ...options, top: 2 })).toEqual(all.slice(0, 2));
    expect(rankCaptions(figures, { ...options, minScore: 0.2 })).toEqual(all.slice(0, 2));
    expect(rankCaptions(figures, { ...options, minScore: 1 })).toEqual([]);
  });

  it('gives no probabilities without softmax', () => {
    expect(rankCaptions(figures, { ...options, softmax: false })[0]!.probability).toBeNull();
  });

  it('keeps equals in the order given', () => {
    const equals = ['x', 'y', 'z'].map((caption) => ({ caption, cosine: 0.5, likelihood: null }));
    expect(rankCaptions(equals, options).map(({ caption }) => caption)).toEqual(['x', 'y', 'z']);
  });
});

describe('softmax', () => {
  it('sums to 1 and keeps the order, however large the logits', () => {
    const logits = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(logits, (values) => {
        const probabilities = softmax(values);
        expect(probabilities.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9);
        expect(probabilities[values.indexOf(Math.max(...values))]).toBe(Math.max(...probabilities));
      }),
    );
  });
});
