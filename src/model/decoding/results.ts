import { type Finished, type GeneratedToken, isDone, type SearchNode, type SearchState, scoreOf } from './state.js';

/** A caption as ids; `Caption` has its text, too. */
export interface CaptionIds {
  /**
   * From the start token; to the end token, unless the maximum length came first. With OpenCLIP's scoring a padding id
   * ends a greedy caption and a sample, too.
   */
  readonly ids: readonly number[];
  /** What was generated: the ids after the prompt, the end token included. */
  readonly tokens: readonly GeneratedToken[];
  /** As `scoreOf` has it; after penalties, if a beam search has them. */
  readonly score: number;
}

/**
 * The captions of a search, best first, at most `num`. Of a search that is not done: as though it ended here, so that
 * running hypotheses count as captions.
 */
export function results(state: SearchState): CaptionIds[] {
  return state.groups
    .flatMap(({ finished, beams }): Finished[] => [
      ...finished,
      ...beams.map((beam) => ({ ...beam, score: scoreOf(beam.sum, beam.tokens.length, state) })),
    ])
    .sort((a, b) => b.score - a.score)
    .slice(0, state.options.num)
    .map(({ ids, tokens, score }) => ({ ids, tokens, score }));
}

/** A node and what has become of it by now. */
export interface TreeNode extends SearchNode {
  /**
   * `finished`: the last token of a caption that is still among the best. `live`: on the way to such a caption or to a
   * hypothesis that still runs. `pruned`: nothing that survives comes after it.
   */
  readonly state: 'live' | 'pruned' | 'finished';
}

/** The whole tree of a search, in order of creation (parents first). */
export function searchTree(state: SearchState): TreeNode[] {
  const ends = new Set<number>();
  const alive = new Set<number>();
  for (const { beams, finished } of state.groups) {
    for (const { path } of finished) ends.add(path.at(-1)!);
    for (const { path } of [...beams, ...finished]) for (const node of path) alive.add(node);
  }
  return state.nodes.map((node) => ({
    ...node,
    state: ends.has(node.id) ? 'finished' : alive.has(node.id) ? 'live' : 'pruned',
  }));
}

/** Evaluated nodes that pending rows continue, with all their ancestors, ascending: what `TreeModel.retain` is told. */
export function retainedNodes(state: SearchState): number[] {
  if (isDone(state)) return [];
  const pending = new Set(state.pending.map(({ node }) => node));
  const kept = new Set<number>();
  for (const { beams } of state.groups) {
    for (const { path } of beams) for (const node of path) if (!pending.has(node)) kept.add(node);
  }
  return [...kept].sort((a, b) => a - b);
}

/**
 * The same state, its next nodes numbered from `nextNode` up and `nextLeaf` down: for a stepper that undid steps whose
 * rows the model has seen and now takes another branch, or for several searches over one tree.
 */
export const numberedFrom = (state: SearchState, nextNode: number, nextLeaf = state.nextLeaf): SearchState => ({
  ...state,
  nextNode,
  nextLeaf,
});

/** How many branches of a search's tree were pruned, each counted at its end. */
export function prunedCount(state: SearchState): number {
  const tree = searchTree(state);
  const continued = new Set(tree.map(({ parent }) => parent));
  return tree.filter((node) => node.state === 'pruned' && !continued.has(node.id)).length;
}
