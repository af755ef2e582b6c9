import { continued } from './advance.js';
import { forcedInGroup } from './beam.js';
import type { DecodingOptions } from './knobs.js';
import { Row } from './scores.js';
import { choiceOf } from './single.js';
import {
  type Beam,
  type Finished,
  type Group,
  groupsFrom,
  type SearchNode,
  type SearchState,
  scoreOf,
} from './state.js';
import type { GroupContext } from './step.js';
import type { RowScores } from './types.js';

/** What a person may do to a running search beside forcing a token: values again, the state given is left as it is. */

/** The search without one of its beams; a group ends with its last beam, and later steps fill the place again. */
export function withoutBeam(state: SearchState, group: number, beam: number): SearchState {
  const groups = state.groups.map((own, index): Group => {
    if (index !== group) return own;
    const beams = own.beams.filter((_, place) => place !== beam);
    return { ...own, beams, done: beams.length === 0 };
  });
  const followed = new Set(groups.flatMap(({ beams }) => beams.flatMap(({ path }) => path)));
  return { ...state, groups, pending: state.pending.filter(({ node }) => followed.has(node)) };
}

/**
 * A search that starts from the first `length` ids of a hypothesis as though they had been given, except that they
 * count in sums and lengths as before: every group starts from them.
 * @param stream the first of the random streams that its samples draw from
 */
export function searchFrom(
  state: SearchState,
  { path, ids, tokens }: Pick<Finished, 'path' | 'ids' | 'tokens'>,
  length: number,
  stream: number,
): SearchState {
  const { options, promptLength } = state;
  const nodes = new Set(path.slice(0, length));
  const last = state.nodes.find(({ id }) => id === path[length - 1])!;
  const step = length - promptLength;
  const start = {
    path: path.slice(0, length),
    ids: ids.slice(0, length),
    tokens: tokens.slice(0, step),
    sum: last.sum,
  };
  return {
    ...state,
    step,
    groups: groupsFrom(start, options, stream),
    pending: [{ node: last.id, parent: last.parent, token: last.token }],
    nodes: state.nodes.filter(({ id }) => nodes.has(id)),
    // What earlier steps weighed belongs to the search that it came from.
    considered: Array.from({ length: options.trace > 0 ? step : 0 }, () => []),
  };
}

/**
 * `searchFrom` for another model, which reads the text again: every token after what was given is a node of its own, with
 * what that model says of it. Sums are those of a search in which these tokens were forced.
 * @param rows what that model says after each id from the last one given to the last but one of the text, of all tokens
 */
export function searchAgain(
  state: SearchState,
  text: Pick<Finished, 'path' | 'ids' | 'tokens'>,
  length: number,
  stream: number,
  rows: RowScores,
): SearchState {
  const { options, promptLength, special, vocabSize } = state;
  const context: GroupContext = { options, special, vocabSize, promptLength, chosen: new Map() };
  const old = new Map(state.nodes.map((node) => [node.id, node]));
  let beam: Beam = { path: text.path.slice(0, promptLength), ids: text.ids.slice(0, promptLength), tokens: [], sum: 0 };
  const nodes: SearchNode[] = beam.path.map((id) => old.get(id)!);
  for (let at = promptLength; at < length; at++) {
    const step = at - promptLength + 1;
    const [row, token, id] = [new Row(rows, step - 1), text.ids[at]!, state.nextNode + step - 1];
    const choice =
      options.strategy === 'beam' ? forcedInGroup(beam, row, token, context) : choiceOf(beam, row, token, 'live');
    const { logprob, sum } = choice;
    const score = scoreOf(sum, step, state);
    const mark = old.get(text.path[at]!)?.forced && { forced: true as const };
    nodes.push({ id, parent: beam.path.at(-1)!, step, beam: 0, token, logprob, sum, score, ...mark });
    beam = continued(choice, id, options.logprobs);
  }
  const whole = { ...state, nodes, nextNode: state.nextNode + length - promptLength };
  return searchFrom(whole, beam, length, stream);
}

/** The search under other options from here on. Scores that it has are those of the new length penalty. */
export function withOptions(state: SearchState, options: DecodingOptions): SearchState {
  const rescored = (sum: number, step: number) => scoreOf(sum, step, { ...state, options });
  return {
    ...state,
    options,
    groups: state.groups.map((group) => ({
      ...group,
      finished: group.finished
        .map((caption) => ({ ...caption, score: rescored(caption.sum, caption.tokens.length) }))
        .sort((a, b) => b.score - a.score),
    })),
    nodes: state.nodes.map((node) => ({ ...node, score: rescored(node.sum, node.step) })),
    considered: state.considered.map((candidates, step) =>
      candidates.map((one) => (one.sum === null ? one : { ...one, score: rescored(one.sum, step + 1) })),
    ),
  };
}
