import { topTokens } from './logits.js';
import { type Adjustment, adjustments } from './processors.js';
import { type Beam, type Finished, type Group, logprobOf, type Row, scoreOf } from './state.js';
import type { Choice, GroupContext, GroupStep } from './step.js';

/**
 * One step of one group of a beam search, as transformers does it.
 *
 * The 2 x beams best continuations are taken; end tokens among the best `beams` finish captions, end tokens below are
 * dropped, and the best `beams` others go on. With one group the rule that ends the search is that of `_beam_search` in
 * transformers 4.57; with several that of `BeamSearchScorer` in 4.49, whose group beam search is the reference for them.
 */
export function stepGroup(group: Group, rows: readonly Row[], context: GroupContext): GroupStep {
  const { options, special } = context;
  const size = options.beams / options.groups;
  const changes = group.beams.map((beam, index) => changesOf(beam, rows[index]!, context));
  const ranked = group.beams
    .flatMap((beam, index) => continuations(beam, rows[index]!, changes[index]!, 2 * size, context))
    .sort((a, b) => b.sum - a.sum)
    // A forced token is kept where it ranks, or last.
    .filter((choice, rank) => rank < 2 * size || choice.forced);

  let running = 0;
  let reserved = ranked.some(({ forced, token }) => forced && token !== special.eot) ? 1 : 0;
  const choices = ranked.map((choice, rank): Choice => {
    if (choice.token === special.eot) {
      return { ...choice, fate: choice.forced || rank < size ? 'finished' : 'end-rank' };
    }
    if (choice.forced) reserved = 0;
    else if (running + reserved === size) return choice;
    running++;
    return { ...choice, fate: 'live' };
  });
  const length = group.beams[0]!.ids.length + 1;
  const ended = running === 0 || hasEnded(group.finished, choices, length - context.promptLength, size, context);
  const last = length >= options.maxLength;
  // Where the length ends, what still runs is finished too; only a group that had ended before does without.
  const closing = last && !(options.groups > 1 && ended);
  const settled = closing ? choices.map((choice) => (choice.fate === 'live' ? finish(choice) : choice)) : choices;
  return {
    choices: options.trace > 0 ? explained(group, rows, changes, settled, context) : settled,
    done: ended || last,
  };
}

const finish = (choice: Choice): Choice => ({ ...choice, fate: 'finished' });

/** Whether enough captions are finished and no continuation can be expected to beat the worst of them. */
function hasEnded(
  finished: readonly Finished[],
  choices: readonly Choice[],
  generated: number,
  size: number,
  { options, promptLength }: GroupContext,
): boolean {
  const ending = choices.filter(({ fate }) => fate === 'finished');
  const scores = [...finished.map(({ score }) => score), ...ending.map(({ sum }) => scoreOf(sum, generated, options))];
  if (scores.length < size) return false;
  if (options.earlyStopping === true) return true;
  // The scorer of group beam search takes the best continuation even when that is an end token.
  const best = options.groups > 1 ? choices[0]! : choices.find(({ fate }) => fate === 'live')!;
  const longest = options.earlyStopping === 'never' && options.lengthPenalty > 0;
  const length = longest ? options.maxLength - promptLength : generated;
  const worst = scores.sort((a, b) => b - a)[size - 1]!;
  return worst >= scoreOf(best.sum, length, options);
}

const changesOf = (beam: Beam, row: Row, { options, special, chosen }: GroupContext) =>
  adjustments(beam.ids, (token) => logprobOf(row, token), options, special.eot, chosen);

/** The `k` best continuations of a beam; of one whose token is forced, that one. */
function continuations(
  beam: Beam,
  row: Row,
  changes: ReadonlyMap<number, Adjustment>,
  k: number,
  { vocabSize, forced }: GroupContext,
): Choice[] {
  if (beam === forced?.beam) return [forcedChoice(beam, row, changes, forced.token)];
  const overlay = new Map<number, number>();
  for (const [token, { value }] of changes) overlay.set(token, value + row.logSumExp);
  return topTokens(row.logits, row.start, row.start + vocabSize, k, overlay).map(({ token }) =>
    choiceOf(beam, row, changes, token),
  );
}

function choiceOf(beam: Beam, row: Row, changes: ReadonlyMap<number, Adjustment>, token: number): Choice {
  const logprob = logprobOf(row, token);
  const sum = Math.fround(beam.sum + (changes.get(token)?.value ?? logprob));
  return { beam, row, token, logprob, sum, fate: 'score' };
}

/** A forced token counts as the search ranks it; where a rule bans it, as the model says. */
function forcedChoice(beam: Beam, row: Row, changes: ReadonlyMap<number, Adjustment>, token: number): Choice {
  const choice = choiceOf(beam, row, changes, token);
  const sum = choice.sum === -Infinity ? Math.fround(beam.sum + choice.logprob) : choice.sum;
  return { ...choice, sum, forced: true };
}

/** The choices and, beside them, the likeliest tokens of every beam; whatever lost says by which rule. */
function explained(
  group: Group,
  rows: readonly Row[],
  changes: readonly ReadonlyMap<number, Adjustment>[],
  choices: readonly Choice[],
  { options, forced }: GroupContext,
): Choice[] {
  const others = group.beams.flatMap((beam, index) => {
    const seen = new Set(choices.filter((other) => other.beam === beam).map(({ token }) => token));
    return rows[index]!.top.slice(0, options.trace)
      .filter(({ token }) => !seen.has(token))
      .map(({ token }) => choiceOf(beam, rows[index]!, changes[index]!, token));
  });
  const made = choices.filter(({ fate, forced }) => (fate === 'live' || fate === 'finished') && !forced);
  const bar = Math.min(...made.map(({ sum }) => sum));
  return [...choices, ...others].map((choice) => {
    if (choice.beam === forced?.beam && !choice.forced) return { ...choice, fate: 'forced' };
    const rule = choice.fate === 'score' && changes[group.beams.indexOf(choice.beam)]!.get(choice.token)?.rule;
    const fair = choice.beam.sum + choice.logprob;
    return rule && (choice.sum === -Infinity || fair >= bar) ? { ...choice, fate: rule } : choice;
  });
}
