import {
  type Beam,
  type Candidate,
  type Finished,
  isDone,
  type SearchNode,
  type SearchState,
  scoreOf,
} from '../decoding/state.js';
import { ROOT } from '../decoding/types.js';
import type { WalkChange } from './changes.js';
import { type Stem, stemOf } from './evaluations.js';
import type { Moved } from './moved.js';

/** How many of each beam's likeliest tokens a step records with what became of them. */
export const CANDIDATES = 9;

/** One search of a session. Several stand side by side: the first, and those that were forked off. */
export interface Line {
  readonly state: SearchState;
  /** numbers[g][i]: what beam i of group g is called until the next step (the `beam` of its node). */
  readonly numbers: readonly (readonly number[])[];
  /** Nodes whose beams were pruned by hand. */
  readonly pruned: readonly number[];
  /** Which of its hypotheses (as `hypothesesOf` lists them) is looked at. */
  readonly chosen: number;
  /** What is changed in it, in order, beside what the walk began with. */
  readonly changes: readonly WalkChange[];
  /** Where it was forked off. */
  readonly origin?: LineOrigin;
}

export interface LineOrigin {
  readonly line: number;
  /** The last node of the text that both have; where a change began the line, that of the other line. */
  readonly node: number;
  /** Where a change began the line: what it moved most of the tokens that may follow that text. */
  readonly moved?: readonly Moved[];
}

/** A beam of a line, or a caption that it has finished. */
export type Hypothesis = { readonly group: number; readonly score: number } & (
  | { readonly kind: 'live'; readonly number: number; readonly index: number; readonly text: Beam }
  | { readonly kind: 'finished'; readonly text: Finished }
);

export type LiveHypothesis = Extract<Hypothesis, { readonly kind: 'live' }>;

/** The running beams of a line, group by group, the best of each first; then its finished captions, best first. */
export function hypothesesOf({ state, numbers }: Line): readonly Hypothesis[] {
  const live = state.groups.flatMap(({ beams }, group) =>
    beams.map((text, index): Hypothesis => {
      const score = scoreOf(text.sum, text.tokens.length, state);
      return { kind: 'live', group, index, number: numbers[group]![index]!, text, score };
    }),
  );
  const finished = state.groups.flatMap((own, group) =>
    own.finished.map((text): Hypothesis => ({ kind: 'finished', group, text, score: text.score })),
  );
  return [...live, ...finished.sort((a, b) => b.score - a.score)];
}

/** What is looked at. */
export const chosenOf = (line: Line): Hypothesis => hypothesesOf(line)[line.chosen]!;

/** The last node of a hypothesis. */
export const endOf = ({ text }: Hypothesis): number => text.path.at(-1)!;

/** The beam of a line that goes by a number, if there is one. */
export function beamOf(line: Line, number: number): LiveHypothesis | undefined {
  return hypothesesOf(line).find((one): one is LiveHypothesis => one.kind === 'live' && one.number === number);
}

/** A line at the start of a step: beams numbered by their places, group after group. */
export function lineAt(state: SearchState, before: Partial<Line> = {}): Line {
  const { strategy, beams, groups } = state.options;
  const size = strategy === 'beam' ? beams / groups : 1;
  const numbers = state.groups.map((group, index) => group.beams.map((_, place) => index * size + place));
  return { pruned: [], chosen: 0, changes: [], ...before, state, numbers };
}

/** Where the hypothesis that was looked at has gone: on with its best continuation, or to an end. */
export function followed(before: Line, after: Line): number {
  const was = hypothesesOf(before)[before.chosen];
  if (was === undefined) return 0;
  const end = was.text.path.at(-1);
  const at = hypothesesOf(after).findIndex(
    ({ group, text }) => group === was.group && text.path.at(was.kind === 'live' ? -2 : -1) === end,
  );
  return Math.max(0, at);
}

/** What the model must have said before the line can go on: the texts of its pending rows, in their order. */
export function awaitedStems({ state }: Line): readonly Stem[] {
  if (isDone(state)) return [];
  const beams = state.groups.flatMap((group) => group.beams);
  return state.pending.map(({ node }) => {
    const beam = beams.find(({ path }) => path.includes(node))!;
    return stemOf(beam, beam.path.indexOf(node) + 1);
  });
}

/** Texts that later steps of a line can follow. */
export function followedStems({ state }: Line): readonly Stem[] {
  return isDone(state) ? [] : state.groups.flatMap(({ beams }) => beams);
}

/** What a step weighs for one beam, likeliest first: `preview` or a step's `considered` narrowed to it. */
export function candidatesOf(
  weighed: readonly Candidate[],
  { group, text }: Pick<Hypothesis, 'group' | 'text'>,
): readonly Candidate[] {
  return weighed
    .filter((candidate) => candidate.group === group && candidate.parent === text.path.at(-1))
    .sort((a, b) => b.logprob - a.logprob || a.token - b.token);
}

/** What the last step of a line let fall, by what it would have come to without rules: the likely and banned come first. */
export function fallenOf({ state: { considered, nodes } }: Line): readonly Candidate[] {
  const sums = new Map(nodes.map(({ id, sum }) => [id, sum]));
  const fair = ({ parent, value }: Candidate): number => (sums.get(parent) ?? 0) + value;
  return (considered.at(-1) ?? [])
    .filter(({ fate }) => fate !== 'live' && fate !== 'finished')
    .sort((a, b) => fair(b) - fair(a));
}

const indexes = new WeakMap<readonly SearchNode[], ReadonlyMap<number, SearchNode>>();

/** The text that ends with a node, as nodes of a search or of a session's tree; the start token is left out. */
export function tokensTo<Node extends SearchNode>(nodes: readonly Node[], end: number): readonly Node[] {
  const known = indexes.get(nodes) ?? new Map(nodes.map((node) => [node.id, node]));
  indexes.set(nodes, known);
  const byId = known as ReadonlyMap<number, Node>;
  const tokens: Node[] = [];
  for (let node = byId.get(end); node && node.parent !== ROOT; node = byId.get(node.parent)) tokens.unshift(node);
  return tokens;
}
