import type { CommandContext } from '../../cli/command.js';
import type { CaptionRun, Coca, DecodingProgress, ImageEncoding } from '../../model/api.js';
import { CocaError } from '../../model/base/errors.js';
import { type Beam, type DecodingOptions, type SearchState, scoreOf, searchTree } from '../../model/decoding/index.js';
import type { Tokenizer } from '../../model/tokenizer/tokenizer.js';
import { type Hypothesis, initialState, type WatchStep } from '../../ui/watch/state.js';
import { shadedWords } from './output.js';

export type SearchOptions = DecodingOptions & { readonly prompt?: string };
/** Finds the captions of encoded pictures. */
export type Search = (images: ImageEncoding, options: SearchOptions) => Promise<CaptionRun>;

/**
 * A search that is drawn while it runs, one picture at a time; what it finds is the same.
 * @param hasKeys whether stdin is a terminal's and no list is read from it
 */
export async function watchedSearch(
  coca: Pick<Coca, 'caption' | 'tokenizer'>,
  context: CommandContext,
  hasKeys: boolean,
): Promise<Search> {
  const { watchSearch } = await import('../../ui/watch/show.js');
  return async (images, options) => {
    const search: Parameters<typeof watchSearch<CaptionRun>>[0] = ({ signal, show }) =>
      coca.caption(images, options, {
        signal,
        onStep: (progress) => show(() => watchStep(progress, coca.tokenizer)),
      });
    const groups = options.strategy === 'sample' ? options.num : options.groups;
    const initial = initialState(searchName(options), groups);
    context.status.clear();
    const { found, isInterrupted } = await context.onScreen((streams) =>
      watchSearch(search, initial, context.terminal, streams, hasKeys),
    );
    if (isInterrupted) throw new CocaError('interrupted', 'interrupted');
    return found;
  };
}

function searchName({ strategy, scoring, beams, groups, num }: DecodingOptions): string {
  const width = {
    greedy: 'greedy',
    sample: `${num} ${num === 1 ? 'sample' : 'samples'}`,
    beam: groups > 1 ? `${beams} beams in ${groups} groups` : `${beams} beams`,
  };
  return scoring === 'openclip' ? `${width[strategy]} as OpenCLIP scores` : width[strategy];
}

/** What there is to draw of the first picture's search. */
export function watchStep({ step, maxSteps, states }: DecodingProgress, tokenizer: Tokenizer): WatchStep {
  const [state] = states as readonly [SearchState];
  const { groups } = state;
  const hypothesis = (beam: Beam, group: number): Hypothesis => ({
    path: beam.path,
    group,
    words: shadedWords(beam, tokenizer),
    sum: beam.sum,
    score: scoreOf(beam.sum, beam.tokens.length, state),
  });
  return {
    step,
    maxSteps,
    live: groups.flatMap(({ beams }, group) => beams.map((beam) => hypothesis(beam, group))),
    finished: groups
      .flatMap(({ finished }, group) => finished.map((beam) => hypothesis(beam, group)))
      .sort((a, b) => b.score - a.score),
    prunedCount: prunedCount(state),
  };
}

/** Branches of the tree that nothing which survives comes after, each counted at its end. */
function prunedCount(state: SearchState): number {
  const tree = searchTree(state);
  const continued = new Set(tree.map(({ parent }) => parent));
  return tree.filter((node) => node.state === 'pruned' && !continued.has(node.id)).length;
}
