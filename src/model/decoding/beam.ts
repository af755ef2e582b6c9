import type { DecodingOptions } from './knobs.js';
import { type Adjustment, adjustments } from './processors.js';
import type { Row } from './scores.js';
import { type Beam, type Finished, type Group, logprobOf, scoreOf, sumsLogits, tokenValue } from './state.js';
import type { Choice, GroupContext, GroupStep } from './step.js';

/**
 * One step of one group of a beam search, as transformers does it.
 *
 * The 2 x beams best continuations are taken; end tokens among the best `beams` finish captions, end tokens below are
 * dropped, and the best `beams` others go on. With one group the rule that ends the search is that of `_beam_search` in
 * transformers 4.57; with several, and with OpenCLIP's scoring, that of `BeamSearchScorer` in 4.49: group beam search there and OpenCLIP's
 * `generate`, which the scorer serves, are the references for them.
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
  const closing = last && !(hasScorer(options) && ended);
  const settled = closing ? choices.map((choice) => (choice.fate === 'live' ? finish(choice) : choice)) : choices;
  return {
    choices: options.trace > 0 ? explained(group, rows, changes, settled, context) : settled,
    done: ended || last,
  };
}

/** Whether transformers' `BeamSearchScorer` is what tells when a group has ended. */
const hasScorer = ({ groups, scoring }: DecodingOptions): boolean => groups > 1 || scoring === 'openclip';

const finish = (choice: Choice): Choice => ({ ...choice, fate: 'finished' });

/** Whether enough captions are finished and no continuation can be expected to beat the worst of them. */
function hasEnded(
  finished: readonly Finished[],
  choices: readonly Choice[],
  generated: number,
  size: number,
  context: GroupContext,
): boolean {
  const { options, promptLength } = context;
  const ending = choices.filter(({ fate }) => fate === 'finished');
  const scores = [...finished.map(({ score }) => score), ...ending.map(({ sum }) => scoreOf(sum, generated, context))];
  if (scores.length < size) return false;
  if (options.earlyStopping === true) return true;
  // The scorer takes the best continuation even when that is an end token.
  const best = hasScorer(options) ? choices[0]! : choices.find(({ fate }) => fate === 'live')!;
  const longest = options.earlyStopping === 'never' && options.lengthPenalty > 0;
  const length = longest ? options.maxLength - promptLength : generated;
  const worst = scores.sort((a, b) => b - a)[size - 1]!;
  return worst >= scoreOf(best.sum, length, context);
}

const changesOf = (beam: Beam, row: Row, { options, special, chosen }: GroupContext) =>
  adjustments(beam.ids, (token) => tokenValue(row, token, options), options, special.eot, chosen);

/** The `k` best continuations of a beam; of one whose token is forced, that one. */
function continuations(
  beam: Beam,
  row: Row,
  changes: ReadonlyMap<number, Adjustment>,
  k: number,
  { forced, options }: GroupContext,
): Choice[] {
  if (beam === forced?.beam) return [forcedChoice(beam, row, changes, forced.token, options)];
  const overlay = new Map<number, number>();
  // By how much logits, which tokens are ranked by, are above what sums are made of.
  const shift = sumsLogits(options) ? 0 : row.logSumExp;
  for (const [token, { value }] of changes) overlay.set(token, value + shift);
  return row.top(k, overlay).map(({ token }) => choiceOf(beam, row, changes, token, options));
}

function choiceOf(
  beam: Beam,
  row: Row,
  changes: ReadonlyMap<number, Adjustment>,
  token: number,
  options: DecodingOptions,
): Choice {
  const sum = Math.fround(beam.sum + (changes.get(token)?.value ?? tokenValue(row, token, options)));
  return { beam, row, token, logprob: logprobOf(row, token), sum, fate: 'score' };
}

/** A token that a beam goes on with, whatever else the search thinks of it. */
export const forcedInGroup = (beam: Beam, row: Row, token: number, context: GroupContext): Choice =>
  forcedChoice(beam, row, changesOf(beam, row, context), token, context.options);

/** A forced token counts as the search ranks it; where a rule bans it, as the model says. */
function forcedChoice(...[beam, row, changes, token, options]: Parameters<typeof choiceOf>): Choice {
  const choice = choiceOf(beam, row, changes, token, options);
  const sum = choice.sum === -Infinity ? Math.fround(beam.sum + tokenValue(row, token, options)) : choice.sum;
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
    return rows[index]!.listed(options.trace)
      .filter(({ token }) => !seen.has(token))
      .map(({ token }) => choiceOf(beam, rows[index]!, changes[index]!, token, options));
  });
  const made = choices.filter(({ fate, forced }) => (fate === 'live' || fate === 'finished') && !forced);
  const bar = Math.min(...made.map(({ sum }) => sum));
  return [...choices, ...others].map((choice) => {
    if (choice.beam === forced?.beam && !choice.forced) return { ...choice, fate: 'forced' };
    const rule = choice.fate === 'score' && changes[group.beams.indexOf(choice.beam)]!.get(choice.token)?.rule;
    const fair = choice.beam.sum + tokenValue(choice.row, choice.token, options);
    return rule && (choice.sum === -Infinity || fair >= bar) ? { ...choice, fate: rule } : choice;
  });
}
