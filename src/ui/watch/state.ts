import type { ShadedWord } from '../caption-view.js';

/** A caption that a search is writing, or has written. */
export interface Hypothesis {
  /** Its nodes in the tree of tokens: what goes on from it has the same ones first. */
  readonly path: readonly number[];
  /** Which group of beams, or which sample, from 0. */
  readonly group: number;
  readonly words: readonly ShadedWord[];
  /** Cumulative log-probability, after penalties where the search has them. */
  readonly sum: number;
  /** The sum after the length penalty. */
  readonly score: number;
}

/** A search after a step. */
export interface WatchStep {
  readonly step: number;
  readonly maxSteps: number;
  /** Best first, group by group. */
  readonly live: readonly Hypothesis[];
  readonly finished: readonly Hypothesis[];
  /** How many hypotheses were given up so far. */
  readonly prunedCount: number;
}

/** What is on the terminal, as a value. */
export interface WatchState extends WatchStep {
  /** "6 beams": how it searches. */
  readonly search: string;
  /** How many groups or samples there are. */
  readonly groups: number;
  readonly elapsedMs: number;
  /** What was live when last looked at, and nothing goes on from it. */
  readonly pruned: readonly Hypothesis[];
}

/** A search before its first step. */
export function initialState(search: string, groups: number): WatchState {
  return { search, groups, step: 0, maxSteps: 0, live: [], finished: [], prunedCount: 0, pruned: [], elapsedMs: 0 };
}

/** What a later step makes of a state; steps between may have been left out. */
export function reduce(state: WatchState, step: WatchStep, elapsedMs: number): WatchState {
  const onward = new Set([...step.live, ...step.finished].flatMap(({ path }) => path));
  return { ...state, ...step, elapsedMs, pruned: state.live.filter(({ path }) => !onward.has(path.at(-1)!)) };
}
