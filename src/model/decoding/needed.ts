import { bannedByNgram } from './processors.js';
import type { SearchState } from './state.js';

/** With more candidates than this, finding them costs as much as bringing all logits over. */
const MOST = 256;

/**
 * How many of each row's likeliest tokens the next step of these searches can look at, over all of them; nothing where it can
 * look at any token. A ban takes a token away, so one more is needed for each; a rule that changes what tokens
 * are worth needs their logits, wherever they rank.
 */
export function candidatesNeeded(states: readonly SearchState[]): number | undefined {
  let most = 0;
  for (const state of states) {
    const needed = neededBy(state);
    if (needed === undefined || needed > MOST) return undefined;
    most = Math.max(most, needed);
  }
  return most;
}

function neededBy({ options, special, vocabSize, groups }: SearchState): number | undefined {
  const { strategy, scoring, topK, beams, logprobs, trace } = options;
  const running = groups.flatMap((group) => (group.done ? [] : group.beams));
  if (running.length === 0) return 0;
  if (options.repetitionPenalty !== 1 || options.diversity > 0) return undefined;
  if (strategy === 'sample' && topK === 0) return undefined;
  // OpenCLIP writes the end token over a last id, whatever the model thinks of it.
  const isLast = running.some(({ ids }) => ids.length + 1 >= options.maxLength);
  if (scoring === 'openclip' && strategy !== 'beam' && isLast) return undefined;

  const ranked = strategy === 'beam' ? (2 * beams) / options.groups : strategy === 'sample' ? topK : 1;
  const banned = running.map(({ ids }) => {
    const tokens = bannedByNgram(ids, options.noRepeatNgram);
    if (ids.length < options.minLength) tokens.add(special.eot);
    return tokens.size;
  });
  return Math.min(Math.max(ranked + Math.max(...banned), logprobs, trace), vocabSize);
}
