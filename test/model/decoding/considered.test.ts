import { describe, expect, it } from 'vitest';
import {
  advance,
  type DecodingOptions,
  decodingOptions,
  pendingRows,
  type RowScores,
  type SearchState,
  scoresOf,
  startSearch,
} from '../../../src/model/decoding/index.js';

/** What a model says of given probabilities for a vocabulary of 6: tokens 0 to 3, start token 4, end token 5. */
function table(probabilities: Record<string, number[]>): (state: SearchState) => RowScores {
  return (state) => {
    const rows = pendingRows(state).map(({ token }) => probabilities[token]!.map(Math.log));
    return scoresOf(Float32Array.from(rows.flat()), 6);
  };
}

describe('what a step considered', () => {
  const special = { sot: 4, eot: 5, pad: 0 };
  const begin = (given: Partial<DecodingOptions>) =>
    startSearch(
      decodingOptions({ trace: 6, maxLength: 8, minLength: 0, ...given }, { contextLength: 8 }),
      special,
      [4],
      6,
    );
  const fates = (state: SearchState) =>
    state.considered
      .at(-1)!
      .map(({ parent, token, fate }) => `${parent}:${token} ${fate}`)
      .sort();

  it('is empty unless it is asked for', () => {
    const scores = table({ 4: [0.4, 0.3, 0.1, 0.1, 0.05, 0.05] });
    const state = begin({ trace: 0 });
    expect(advance(state, scores(state)).considered).toEqual([]);
  });

  it('tells what went on, finished and lost', () => {
    const scores = table({
      4: [0.3, 0.1, 0.08, 0.07, 0.05, 0.4],
      0: [0.1, 0.2, 0.05, 0.05, 0.1, 0.5],
      1: [0.4, 0.09, 0.01, 0.1, 0.1, 0.3],
    });
    const first = begin({ beams: 2, earlyStopping: 'never' });
    const second = advance(first, scores(first));
    expect(fates(second)).toEqual(['0:0 live', '0:1 live', '0:2 score', '0:3 score', '0:4 score', '0:5 finished']);
    const third = advance(second, scores(second));
    // 0.3 x 0.5 ends first; then 0.3 x 0.2 and 0.1 x 0.4 go on; the end after 1 (0.03) is level with others far below.
    expect(fates(third).filter((line) => !line.endsWith('score'))).toEqual(['1:1 live', '1:5 finished', '2:0 live']);
    const [best] = third.considered[1]!;
    expect(best).toMatchObject({ parent: 1, token: 5, fate: 'finished', node: -3 });
    expect(best!.logprob).toBeCloseTo(Math.log(0.5), 6);
    expect(best!.sum).toBeCloseTo(Math.log(0.15), 6);
    expect(best!.score).toBeCloseTo(Math.log(0.15) / 2, 6);
  });

  it('names the end token that ranks below the beams', () => {
    const scores = table({ 4: [0.3, 0.25, 0.1, 0.08, 0.07, 0.2] });
    const state = begin({ beams: 2 });
    expect(fates(advance(state, scores(state)))).toContain('0:5 end-rank');
  });

  it('names the rule that a token lost by', () => {
    const scores = table({
      4: [0.1, 0.1, 0.1, 0.05, 0.6, 0.05],
      // The start token would lead without the penalty.
      0: [0.02, 0.02, 0.02, 0.01, 0.03, 0.9],
    });
    const penalised = begin({ beams: 2, repetitionPenalty: 9 });
    expect(fates(advance(penalised, scores(penalised)))).toContain('0:4 repetition');
    const short = begin({ beams: 2, minLength: 3 });
    expect(fates(advance(short, scores(short)))).toContain('0:5 min-length');
    const unigrams = begin({ beams: 2, noRepeatNgram: 1 });
    const banned = advance(unigrams, scores(unigrams));
    expect(fates(banned)).toContain('0:4 n-gram');
    expect(banned.considered[0]!.find(({ token }) => token === 4)).toMatchObject({ sum: null, score: null });
    const diverse = begin({ beams: 2, groups: 2, diversity: 5 });
    const after = advance(diverse, scores(diverse));
    expect(after.considered[0]!.filter(({ token }) => token === 4)).toMatchObject([
      { group: 0, fate: 'live' },
      { group: 1, fate: 'diversity' },
    ]);
  });

  it('tells a draw from a filter, and greedy from its rules', () => {
    const scores = table({ 4: [0.3, 0.2, 0.1, 0.05, 0.3, 0.05] });
    const sampled = begin({ strategy: 'sample', topK: 3, noRepeatNgram: 1 });
    const drawn = advance(sampled, scores(sampled));
    const found = fates(drawn);
    expect(drawn.considered[0]!.find(({ token }) => token === 4)).toMatchObject({ sum: null, score: null });
    expect(found.filter((line) => line.endsWith('chance'))).toHaveLength(2);
    expect(found.filter((line) => line.endsWith('filtered'))).toEqual(['0:3 filtered', '0:5 filtered']);
    expect(found).toContain('0:4 n-gram');
    const penalty = table({ 4: [0.3, 0.2, 0.1, 0.03, 0.35, 0.02] });
    const chosen = begin({ strategy: 'greedy', repetitionPenalty: 2 });
    expect(fates(advance(chosen, penalty(chosen)))).toEqual([
      '0:0 live',
      '0:1 score',
      '0:2 score',
      '0:3 score',
      '0:4 repetition',
      '0:5 score',
    ]);
  });
});
