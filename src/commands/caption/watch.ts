import type { CommandContext } from '../../cli/command.js';
import type { CaptionOptions, CaptionRun, Coca, ImageEncoding } from '../../model/api.js';
import { CocaError } from '../../model/base/errors.js';

/** Finds the captions of encoded pictures. */
type WatchedSearch = (images: ImageEncoding, options: CaptionOptions) => Promise<CaptionRun>;

/**
 * A search that is drawn while it runs, one picture at a time; what it finds is the same.
 * @param hasKeys whether stdin is a terminal's and no list is read from it
 */
export async function watchedSearch(
  coca: Pick<Coca, 'caption' | 'tokenizer'>,
  context: CommandContext,
  hasKeys: boolean,
): Promise<WatchedSearch> {
  const { watchSearch } = await import('../../ui/watch/show.js');
  const { initialState } = await import('../../ui/watch/state.js');
  return async (images, options) => {
    const search: Parameters<typeof watchSearch<CaptionRun>>[0] = ({ signal, show }) =>
      coca.caption(images, options, { signal, onStep: ({ states }) => show(states[0]!) });
    const initial = initialState(options, coca.tokenizer);
    context.status.clear();
    const { found, isInterrupted } = await context.onScreen((streams) =>
      watchSearch(search, initial, context.terminal, streams, hasKeys),
    );
    if (isInterrupted) throw new CocaError('interrupted', 'interrupted');
    return found;
  };
}
