import type { CommandContext } from '../../cli/command.js';
import type { Coca, DecodingProgress } from '../../model/api.js';
import { results } from '../../model/decoding/results.js';
import type { Task } from '../../model/engine/network.js';
import { progressText } from '../../ui/status.js';
import { visible } from '../../ui/text.js';

/**
 * Shows on the status line the words of the hypothesis that leads, while the search runs: of a long one the last words.
 * Another that overtakes takes its place.
 */
export async function searchProgress(
  coca: Pick<Coca, 'tokenizer'>,
  { status, terminal }: CommandContext,
): Promise<(progress: DecodingProgress) => void> {
  if (!status.isShown) return () => undefined;
  const { truncateStart } = await import('../../ui/layout.js');
  return ({ states }) =>
    status.show(() => {
      const [leader] = results(states[0]!);
      const words = visible(coca.tokenizer.decode(leader!.ids));
      // The session's line has a mark before and the time after.
      return truncateStart(`${words}…`, Math.max(1, terminal.columns - 16));
    });
}

/** Makes a model ready for a task, and shows on the status line how far that is. */
export async function prepare(
  coca: Pick<Coca, 'prepare'>,
  task: Task,
  { status }: Pick<CommandContext, 'status'>,
): Promise<void> {
  status.show(LOADING);
  await coca.prepare(task, (part) => status.show(`${LOADING}: ${Math.floor(100 * part)} %`));
  status.clear();
}

const LOADING = 'loading the model';

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
