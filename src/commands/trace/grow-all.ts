import type { CommandContext } from '../../cli/command.js';
import type { GrowingTrace } from './growing.js';

/**
 * Traces everything, with progress on the status line.
 * @throws CocaError `interrupted`
 */
export async function growAll(
  growing: GrowingTrace,
  { signal, status }: Pick<CommandContext, 'signal' | 'status'>,
): Promise<void> {
  await growing.grow({ signal, onProgress: (part) => status.show(`tracing: ${Math.floor(100 * part)} %`) });
  status.clear();
}
