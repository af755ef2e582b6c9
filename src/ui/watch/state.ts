import { type DecodingOptions, prunedCount, type SearchState } from '../../model/decoding/index.js';
import { endOf, type Hypothesis, hypothesesOf, lineAt } from '../../model/stepper/line.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';

/** A search that is drawn, as a value. */
export interface WatchState {
  readonly options: DecodingOptions;
  readonly tokenizer: Tokenizer;
  readonly step: number;
  /** 0 before the first step. */
  readonly maxSteps: number;
  /** Best first, group by group. */
  readonly live: readonly Hypothesis[];
  readonly finished: readonly Hypothesis[];
  /** How many hypotheses were given up so far. */
  readonly prunedCount: number;
  /** What was live when last looked at, and nothing goes on from it. */
  readonly pruned: readonly Hypothesis[];
  readonly elapsedMs: number;
}

/** A search before its first step. */
export function initialState(options: DecodingOptions, tokenizer: Tokenizer): WatchState {
  const none = { live: [], finished: [], prunedCount: 0, pruned: [] };
  return { options, tokenizer, step: 0, maxSteps: 0, ...none, elapsedMs: 0 };
}

/** What a later step makes of a state; steps between may have been left out. */
export function reduce(state: WatchState, search: SearchState, elapsedMs: number): WatchState {
  const all = hypothesesOf(lineAt(search));
  const onward = new Set(all.flatMap(({ text }) => text.path));
  return {
    ...state,
    step: search.step,
    maxSteps: search.options.maxLength - search.promptLength,
    live: all.filter(({ kind }) => kind === 'live'),
    finished: all.filter(({ kind }) => kind === 'finished'),
    prunedCount: prunedCount(search),
    pruned: state.live.filter((one) => !onward.has(endOf(one))),
    elapsedMs,
  };
}
