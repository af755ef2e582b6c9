import { setImmediate as nextTurn } from 'node:timers/promises';
import { CocaError, stopIfAborted } from '../base/errors.js';
import { advance } from './advance.js';
import { candidatesNeeded } from './needed.js';
import { retainedNodes } from './results.js';
import { isDone, pendingRows, type SearchState } from './state.js';
import type { TreeModel } from './types.js';

/** What a running decode tells, and how it is stopped. */
export interface DecodeHooks {
  readonly onStep?: (progress: {
    readonly step: number;
    /** How many steps it takes at most. */
    readonly maxSteps: number;
    /** One a picture; the same objects must not be changed. */
    readonly states: readonly SearchState[];
  }) => void;
  readonly signal?: AbortSignal;
}

/** What is said of a search that was stopped. */
export const STOPPED = 'stopped before the captions were done';

/**
 * Runs one search a picture side by side to their ends. Searches that end early ask the model for nothing more; results
 * are those of each search alone.
 *
 * @param states as many as the model serves pictures, in its order.
 * @returns the ended searches, in the same order.
 * @throws CocaError `interrupted` when the signal says so, `engine` when model and states do not fit each other, and
 *   whatever `advance` and the model throw.
 */
export async function decode(
  model: TreeModel,
  states: readonly SearchState[],
  hooks: DecodeHooks = {},
): Promise<SearchState[]> {
  if (states.length !== model.batch) {
    throw new CocaError('engine', `${states.length} searches for a model that serves ${model.batch} pictures`);
  }
  const stray = states.find(({ vocabSize }) => vocabSize !== model.vocabSize);
  if (stray) {
    throw new CocaError('engine', `a search over ${stray.vocabSize} ids for a model of ${model.vocabSize}`);
  }
  const maxSteps = Math.max(0, ...states.map(({ options, promptLength }) => options.maxLength - promptLength));
  let current = [...states];
  for (let step = 1; !current.every(isDone); step++) {
    stopIfAborted(hooks.signal, STOPPED);
    const scores = await model.extend(current.map(pendingRows), candidatesNeeded(current));
    stopIfAborted(hooks.signal, STOPPED);
    current = current.map((state, picture) => advance(state, scores[picture]!));
    hooks.onStep?.({ step, maxSteps, states: current });
    model.retain?.(current.map(retainedNodes));
    // Lets timers, input and the signal have their turn, also when the model never waits.
    await nextTurn();
  }
  return current;
}
