import { CocaError } from '../base/errors.js';
import { stepGroup } from './beam.js';
import { Row } from './scores.js';
import { stepSingle } from './single.js';
import {
  type Beam,
  type Candidate,
  type Finished,
  type GeneratedToken,
  type Group,
  isDone,
  logprobOf,
  type SearchNode,
  type SearchState,
  scoreOf,
  tokenValue,
} from './state.js';
import type { Choice, GroupContext, GroupStep } from './step.js';
import type { RowScores, TokenRow } from './types.js';

/** A token that a beam must go on with in a step, whatever else the search thinks of it. */
export interface Forced {
  /** Which of the state's groups, and which of its beams. */
  readonly group: number;
  readonly beam: number;
  readonly token: number;
}

/**
 * The search one token further. Pure: the state given is left as it is, and the same state and scores always give the
 * same result, samples included. All logits and as many candidates as `candidatesNeeded` says give the same, too.
 *
 * A forced token is its beam's only continuation and has a place among the beams (or, the end token, finishes) without
 * regard to its rank and to bans; the other beams compete for the places that are left, as ever.
 *
 * @param scores what the model says after each of pendingRows(state); of all tokens, where one is forced.
 * @throws CocaError `engine` for scores of another size, `usage` when the options ban every token; RangeError when a token is
 *   looked up that is not among the candidates.
 */
export function advance(state: SearchState, scores: RowScores, forced?: Forced): SearchState {
  if (isDone(state)) return state;
  checkSize(state, scores);
  const grown = new Growth(state);
  const chosen = new Map<number, number>();
  const count = (token: number, times: number) => chosen.set(token, (chosen.get(token) ?? 0) + times);
  const rows = rowReader(state, scores);
  for (const [index, group] of state.groups.entries()) {
    if (group.done) {
      grown.keep(group);
      // A group that ended goes on emitting padding in transformers, and later groups are kept from doing the same.
      if (state.options.groups > 1) count(state.special.pad, state.options.beams / state.options.groups);
      continue;
    }
    const beam = forced?.group === index ? group.beams[forced.beam] : undefined;
    const step = stepOf(state, group, group.beams.map(rows), chosen, beam && { beam, token: forced!.token });
    grown.add(index, group, step);
    if (state.options.groups === 1) continue;
    for (const { fate, token } of step.choices) {
      if ((fate === 'live' || fate === 'finished') && token !== state.special.eot) count(token, 1);
    }
  }
  return grown.state();
}

function checkSize({ pending, vocabSize }: SearchState, { logSumExp, logits, tokens }: RowScores): void {
  const rows = pending.length;
  if (logSumExp.length !== rows) {
    throw new CocaError('engine', `the model returned scores of ${logSumExp.length} rows, not of ${rows}`);
  }
  const expected = tokens ? tokens.length : rows * vocabSize;
  if (logits.length !== expected || expected % rows !== 0) {
    const of = tokens ? `${rows} rows of candidates` : `${rows} rows x ${vocabSize}`;
    throw new CocaError('engine', `the model returned ${logits.length} logits, not ${expected} (${of})`);
  }
}

function stepOf(
  { options, special, vocabSize, promptLength }: SearchState,
  group: Group,
  rows: readonly Row[],
  chosen: ReadonlyMap<number, number>,
  forced: GroupContext['forced'],
): GroupStep {
  const context: GroupContext = { options, special, vocabSize, promptLength, chosen, ...(forced && { forced }) };
  const step = options.strategy === 'beam' ? stepGroup(group, rows, context) : stepSingle(group, rows[0]!, context);
  if (step.done && group.finished.length === 0 && !step.choices.some(({ fate }) => fate === 'finished')) {
    throw new CocaError(
      'usage',
      'no caption is possible: the n-gram and length rules together ban every token',
      'raise no repeat ngram or turn it off, or lower min length',
    );
  }
  return step;
}

/** Finds the row that a beam continues; each row is read once, however many hypotheses share it. */
function rowReader({ pending }: SearchState, scores: RowScores): (beam: Beam) => Row {
  const places = new Map(pending.map(({ node }, place) => [node, place]));
  const read = new Map<number, Row>();
  return (beam) => {
    const place = places.get(beam.path.at(-1)!)!;
    let row = read.get(place);
    if (!row) {
      row = new Row(scores, place);
      read.set(place, row);
    }
    return row;
  };
}

/** The next state while it is put together. */
class Growth {
  readonly #groups: Group[] = [];
  readonly #pending: TokenRow[] = [];
  readonly #nodes: SearchNode[] = [];
  readonly #considered: Candidate[] = [];
  #nextNode: number;
  #nextLeaf: number;

  constructor(readonly from: SearchState) {
    this.#nextNode = from.nextNode;
    this.#nextLeaf = from.nextLeaf;
  }

  keep(group: Group): void {
    this.#groups.push(group);
  }

  /** Numbers what a group chose and makes it the group's new beams and finished captions. */
  add(index: number, group: Group, { choices, done }: GroupStep): void {
    const { options, promptLength } = this.from;
    const size = options.strategy === 'beam' ? options.beams / options.groups : 1;
    const beams: Beam[] = [];
    const finished: Finished[] = [...group.finished];
    for (const choice of choices) {
      const { fate, beam, sum, token, logprob } = choice;
      const score = scoreOf(sum, beam.ids.length + 1 - promptLength, this.from);
      const became = fate === 'live' || fate === 'finished';
      const id = fate === 'live' && !done ? this.#nextNode++ : became ? this.#nextLeaf-- : undefined;
      const parent = beam.path.at(-1)!;
      if (id !== undefined) {
        const place = index * size + (fate === 'live' ? beams.length : group.beams.indexOf(beam));
        const step = this.from.step + 1;
        const mark = choice.forced && { forced: choice.forced };
        this.#nodes.push({ id, parent, step, beam: place, token, logprob, sum, score, ...mark });
        if (id >= 0) this.#pending.push({ node: id, parent, token });
        const next = continued(choice, id, options.logprobs);
        if (fate === 'live') beams.push(next);
        else finished.push({ ...next, score });
      }
      if (options.trace > 0) {
        const ranked = sum === -Infinity ? { sum: null, score: null } : { sum, score };
        const node = id === undefined ? {} : { node: id };
        const value = tokenValue(choice.row, token, options);
        this.#considered.push({ parent, group: index, token, logprob, value, ...ranked, fate, ...node });
      }
    }
    // Stable: of equal scores the earlier caption stays.
    finished.sort((a, b) => b.score - a.score);
    this.#groups.push({ beams: done ? [] : beams, finished: finished.slice(0, size), done });
  }

  state(): SearchState {
    const { from } = this;
    return {
      ...from,
      step: from.step + 1,
      groups: this.#groups,
      pending: this.#pending,
      nodes: [...from.nodes, ...this.#nodes],
      considered: from.options.trace > 0 ? [...from.considered, this.#considered] : from.considered,
      nextNode: this.#nextNode,
      nextLeaf: this.#nextLeaf,
    };
  }
}

/** A hypothesis one token longer. */
export function continued({ beam, row, token, logprob, sum, random }: Choice, node: number, logprobs: number): Beam {
  const top = row.listed(logprobs).map((other) => ({ id: other.token, logprob: logprobOf(row, other.token) }));
  const generated: GeneratedToken = { id: token, logprob, ...(logprobs > 0 && { top }) };
  return {
    path: [...beam.path, node],
    ids: [...beam.ids, token],
    tokens: [...beam.tokens, generated],
    sum,
    ...(random && { random }),
  };
}
