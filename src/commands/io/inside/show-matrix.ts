import type { CommandContext } from '../../../cli/command.js';
import { CocaError } from '../../../model/base/errors.js';
import { showMatrix } from '../../../ui/matrix/show.js';
import type { MatrixSource } from '../../../ui/matrix/source.js';
import type { MatrixState } from '../../../ui/matrix/state.js';
import { staticText } from '../../../ui/matrix/static.js';
import { canShow } from '../../../ui/view/streams.js';

/**
 * Shows a table on the terminal: to walk through, where there are keys, otherwise printed once.
 * @param initial the cell that is looked at first
 * @param isAsked whether a person is to walk through it, where there are keys
 * @throws CocaError `interrupted` for Ctrl-C
 */
export async function presentMatrix(
  source: MatrixSource,
  initial: Partial<MatrixState>,
  isAsked: boolean,
  { terminal, stdin, out, onScreen }: CommandContext,
): Promise<void> {
  if (!isAsked || !canShow(terminal, stdin)) return out.write(staticText(source, terminal));
  const left = await onScreen((streams) => showMatrix(source, initial, terminal, streams));
  if (left === 'interrupt') throw new CocaError('interrupted', 'interrupted');
}
