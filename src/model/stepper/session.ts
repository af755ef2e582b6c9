import { CocaError } from '../base/errors.js';
import { advance, type Forced } from '../decoding/advance.js';
import { searchAgain, searchFrom, withOptions, withoutBeam } from '../decoding/interventions.js';
import type { DecodingOptions } from '../decoding/knobs.js';
import { numberedFrom } from '../decoding/results.js';
import { isDone, type SearchState, startSearch } from '../decoding/state.js';
import type { RowScores, SpecialIds } from '../decoding/types.js';
import { type Action, type ChangeAction, changedOptions, changeOf, isChange, type Move } from './actions.js';
import type { WalkChange } from './changes.js';
import { type Stem, stemOf } from './evaluations.js';
import { awaitedStems, beamOf, CANDIDATES, followed, hypothesesOf, type Line, lineAt } from './line.js';
import { movedTokens } from './moved.js';

/** What stands on the table: every line of exploration, and which of them is looked at. */
export interface Walk {
  readonly lines: readonly Line[];
  readonly line: number;
  /** Numbers of the next nodes, over all lines: up for tokens that the model evaluates, down for those that it does not. */
  readonly nextNode: number;
  readonly nextLeaf: number;
}

/** An action, and the walk on its other side: before it in what is past, after it in what was undone. */
export interface Taken {
  readonly action: Action;
  readonly walk: Walk;
}

/** A walk with its history: a value. */
export interface Session {
  /** Ids that the model takes. */
  readonly contextLength: number;
  readonly walk: Walk;
  /** The last one last. */
  readonly past: readonly Taken[];
  /** What was undone, the next to redo first. */
  readonly future: readonly Taken[];
}

/**
 * What the model says after a text under some changes: one row, of all tokens.
 * @throws RangeError for a text that it was not asked about
 */
export type ScoresOf = (stem: Stem, changes: readonly WalkChange[]) => RowScores;

/** Texts that the model is to read under some changes. */
export interface Needed {
  readonly changes: readonly WalkChange[];
  readonly stems: readonly Stem[];
}

/**
 * A session before its first step.
 * @param prompt ids to continue: the start token, then those of the prompt text if there is one
 * @throws CocaError as `startSearch` does
 */
export function startSession(
  options: DecodingOptions,
  special: SpecialIds,
  prompt: readonly number[],
  { vocabSize, contextLength }: { readonly vocabSize: number; readonly contextLength: number },
): Session {
  const state = startSearch(options, special, prompt, vocabSize);
  const { nextNode, nextLeaf } = state;
  const walk: Walk = { lines: [lineAt(state)], line: 0, nextNode, nextLeaf };
  return { contextLength, walk, past: [], future: [] };
}

export const currentLine = ({ walk }: Session): Line => walk.lines[walk.line]!;

/**
 * Texts that `reduce` will ask about: to be evaluated before.
 * @throws CocaError `usage` for a change of what is not there
 */
export function neededStems({ walk }: Session, input: Action | Move): readonly Needed[] {
  if (isChange(input)) {
    const line = lineOf(walk, input.line);
    const { before, again } = rereading(walk, line, input);
    // What the line itself awaits goes along, so that its own steps compute as if nothing had come between.
    return [
      { changes: line.changes, stems: [...awaitedStems(line), before] },
      { changes: [...line.changes, changeOf(input)], stems: again },
    ];
  }
  if (input.type !== 'next' && input.type !== 'force') return [];
  const line = walk.lines[input.line];
  return line ? [{ changes: line.changes, stems: awaitedStems(line) }] : [];
}

/** A line, and the one that it would be without its last changes. */
export interface LinePair {
  readonly before: number;
  readonly after: number;
}

/** What the current line is to be compared with: the one that it was changed from, else the latest that was changed from it. */
export function pairOf({ lines, line }: Walk): LinePair | undefined {
  const before = unchangedOf(lines, line);
  if (before !== undefined) return { before, after: line };
  const after = lines.findLastIndex((_, index) => unchangedOf(lines, index) === line);
  return after < 0 ? undefined : { before: line, after };
}

/** The line that a line was changed from; forks between them have the same changes. */
function unchangedOf(lines: readonly Line[], index: number): number | undefined {
  const { changes } = lines[index]!;
  for (let at = lines[index]!.origin?.line; at !== undefined; at = lines[at]!.origin?.line) {
    if (lines[at]!.changes.length < changes.length) return at;
  }
  return undefined;
}

/**
 * What an action or a move makes of a session. Pure: the same session, input and scores give the same.
 * @throws CocaError `usage` for what cannot be done, saying why
 */
export function reduce(session: Session, input: Action | Move, scoresOf: ScoresOf): Session {
  const { walk, past, future } = session;
  switch (input.type) {
    case 'undo': {
      const last = past.at(-1) ?? refuse('there is nothing to undo');
      return {
        ...session,
        walk: last.walk,
        past: past.slice(0, -1),
        future: [{ action: last.action, walk }, ...future],
      };
    }
    case 'redo': {
      const [next = refuse('there is nothing to redo')] = future;
      return { ...session, walk: next.walk, past: [...past, { action: next.action, walk }], future: future.slice(1) };
    }
    case 'choose': {
      const line = lineOf(walk, walk.line);
      if (!(input.at in hypothesesOf(line))) refuse(`there is no beam or caption ${input.at}`);
      return { ...session, walk: withLine(walk, walk.line, { ...line, chosen: input.at }) };
    }
    case 'switch':
      lineOf(walk, input.line);
      return { ...session, walk: { ...walk, line: input.line } };
    default: {
      const after = perform(walk, input, session.contextLength, scoresOf);
      return { ...session, walk: after, past: [...past, { action: input, walk }], future: [] };
    }
  }
}

function refuse(message: string, hint?: string): never {
  throw new CocaError('usage', message, hint);
}

function lineOf(walk: Walk, index: number): Line {
  const { length } = walk.lines;
  return (
    walk.lines[index] ??
    refuse(`there is no line ${index}`, length === 1 ? 'there is only line 0' : `lines are 0 to ${length - 1}`)
  );
}

const withLine = (walk: Walk, index: number, line: Line): Walk => ({
  ...walk,
  lines: walk.lines.map((own, at) => (at === index ? line : own)),
});

function perform(walk: Walk, action: Action, contextLength: number, scoresOf: ScoresOf): Walk {
  const line = lineOf(walk, action.line);
  if (action.type !== 'fork' && !isChange(action) && isDone(line.state)) {
    refuse('this search has ended', 'undo a step, or fork from an earlier token');
  }
  const here = { ...walk, line: action.line };
  switch (action.type) {
    case 'next':
      return stepped(here, line, undefined, scoresOf);
    case 'force':
      return stepped(here, line, forcedIn(line, action.beam, action.token), scoresOf);
    case 'prune':
      return withLine(here, action.line, pruned(line, action.beam));
    case 'set': {
      const options = changedOptions(line.state, action.options, contextLength);
      const changed = { ...line, state: withOptions(line.state, options) };
      return withLine(here, action.line, { ...changed, chosen: sameChoice(line, changed) });
    }
    case 'fork': {
      const fork = forked(walk.lines.length, action.line, line, action.at, action.length);
      return { ...walk, lines: [...walk.lines, fork], line: walk.lines.length };
    }
    default: {
      const changed = changedLine(walk, line, action, scoresOf);
      const { nextNode } = changed.state;
      return { ...walk, nextNode, lines: [...walk.lines, changed], line: walk.lines.length };
    }
  }
}

function stepped(walk: Walk, line: Line, forced: Forced | undefined, scoresOf: ScoresOf): Walk {
  const { state } = line;
  const numbered = numberedFrom(state, walk.nextNode, walk.nextLeaf);
  const next = advance(numbered, scoresOfAll(awaitedStems(line), line, scoresOf), forced);
  const after = lineAt(next, line);
  const { nextNode, nextLeaf } = next;
  return withLine({ ...walk, nextNode, nextLeaf }, walk.line, { ...after, chosen: followed(line, after) });
}

/** The rows of several texts of a line one after the other, as `advance` takes them. */
export function scoresOfAll(
  stems: readonly Stem[],
  { changes, state: { vocabSize } }: Pick<Line, 'changes' | 'state'>,
  scoresOf: ScoresOf,
): RowScores {
  const logits = new Float32Array(stems.length * vocabSize);
  const logSumExp = new Float64Array(stems.length);
  for (const [place, stem] of stems.entries()) {
    const row = scoresOf(stem, changes);
    logits.set(row.logits, place * vocabSize);
    logSumExp.set(row.logSumExp, place);
  }
  return { logits, logSumExp };
}

function liveBeam(line: Line, number: number) {
  const numbers = line.numbers.flat();
  const hint = `its beams are ${numbers.join(', ')}`;
  return beamOf(line, number) ?? refuse(`this line has no beam ${number}`, numbers.length > 0 ? hint : undefined);
}

function forcedIn(line: Line, number: number, token: number): Forced {
  const { group, index } = liveBeam(line, number);
  const { vocabSize } = line.state;
  if (!Number.isInteger(token) || token < 0 || token >= vocabSize) {
    refuse(`id ${token} is not among the ${vocabSize} ids`);
  }
  return { group, beam: index, token };
}

function pruned(line: Line, number: number): Line {
  const { group, index, text } = liveBeam(line, number);
  const all = hypothesesOf(line);
  if (all.length === 1) {
    refuse('the only beam cannot be pruned while no caption is finished', 'undo, or force another token instead');
  }
  const at = all.findIndex((one) => one.kind === 'live' && one.number === number);
  return {
    ...line,
    state: withoutBeam(line.state, group, index),
    numbers: line.numbers.map((own, other) => (other === group ? own.filter((_, place) => place !== index) : own)),
    pruned: [...line.pruned, text.path.at(-1)!],
    chosen: Math.min(line.chosen > at ? line.chosen - 1 : line.chosen, all.length - 2),
  };
}

/** Finished captions may change places with the length penalty: the same one stays chosen. */
function sameChoice(before: Line, after: Line): number {
  const was = hypothesesOf(before)[before.chosen]!;
  return hypothesesOf(after).findIndex(({ kind, text }) => kind === was.kind && text.path === was.text.path);
}

/** Where a line of its own begins: with how many ids of which hypothesis (all of them unless said; of a caption, up to its end). */
function forkPoint(line: Line, at: number, length: number | undefined) {
  const hypothesis = hypothesesOf(line)[at] ?? refuse(`there is no beam or caption ${at}`);
  const { ids } = hypothesis.text;
  const { promptLength, options, special } = line.state;
  const whole = ids.length - (ids.at(-1) === special.eot ? 1 : 0);
  const longest = Math.min(whole, options.maxLength - 1);
  const wanted = length ?? longest;
  if (!Number.isInteger(wanted) || wanted < promptLength || wanted > longest) {
    refuse(`a fork starts from ${promptLength} to ${longest} ids of this text, not ${wanted}`);
  }
  return { hypothesis, wanted };
}

/** The first of the random streams that the samples of a line draw from. */
const streamOf = (index: number, { options }: SearchState): number =>
  options.strategy === 'sample' ? index * options.num : 0;

function forked(index: number, from: number, line: Line, at: number, length: number | undefined): Line {
  const { hypothesis, wanted } = forkPoint(line, at, length);
  const { text } = hypothesis;
  const state = searchFrom(line.state, text, wanted, streamOf(index, line.state));
  return lineAt(state, { origin: { line: from, node: text.path[wanted - 1]! }, changes: line.changes });
}

/** What a change has read: the text as it was, and, from what was given on, as it is numbered where it is read again. */
function rereading(walk: Walk, line: Line, { at, length }: ChangeAction) {
  const { hypothesis, wanted } = forkPoint(line, at, length);
  const { promptLength } = line.state;
  const before = stemOf(hypothesis.text, wanted);
  const path = before.path.map((node, i) => (i < promptLength ? node : walk.nextNode + i - promptLength));
  const again = path.slice(promptLength - 1).map((_, i): Stem => stemOf({ path, ids: before.ids }, promptLength + i));
  return { hypothesis, wanted, before, again };
}

/** A line that begins where a text is read again under a change. */
function changedLine(walk: Walk, line: Line, action: ChangeAction, scoresOf: ScoresOf): Line {
  const { hypothesis, wanted, before, again } = rereading(walk, line, action);
  const changes = [...line.changes, changeOf(action)];
  const whole = scoresOf(again.at(-1)!, changes);
  const rows = scoresOfAll(again.slice(0, -1), { changes, state: line.state }, scoresOf);
  const numbered = numberedFrom(line.state, walk.nextNode);
  const state = searchAgain(numbered, hypothesis.text, wanted, streamOf(walk.lines.length, line.state), rows);
  const moved = movedTokens(scoresOf(before, line.changes), whole, CANDIDATES);
  return lineAt(state, { origin: { line: action.line, node: before.path.at(-1)!, moved }, changes });
}
