import type { CommandContext } from '../../cli/command.js';
import type { DecodingProgress } from '../../model/api.js';
import { progressText } from '../../ui/status.js';

/** From here on a search takes long enough for its steps to be worth a line. */
const LONG_SEARCH_MS = 500;

/** Shows on the status line how far a search has come, once it takes long. */
export function searchProgress({ status }: CommandContext): (progress: DecodingProgress) => void {
  const start = performance.now();
  return ({ step, maxSteps }) => {
    const elapsed = performance.now() - start;
    if (elapsed > LONG_SEARCH_MS) status.show(`step ${progressText(step, maxSteps, elapsed)}`);
  };
}

/**
 * Shows on the status line how many of the inputs are through; nothing for a single one.
 * @param count how many there are in all, where that is known
 * @param earlier how many an earlier run has answered: they say nothing of the speed
 */
export function progress(
  context: Pick<CommandContext, 'status'>,
  count: () => number | undefined,
  earlier = 0,
): (finished: number) => void {
  const start = performance.now();
  return (finished) => {
    const total = count();
    if (total === 1 || finished === total) return;
    context.status.show(progressText(finished, total, performance.now() - start, earlier));
  };
}
