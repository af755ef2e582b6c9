import { nextRandom } from '../base/random.js';
import { byValue } from './logits.js';
import { type Adjustment, adjustments, valuesOf } from './processors.js';
import { distribution, draw } from './sampling.js';
import type { Row } from './scores.js';
import { type Beam, type Fate, type Group, logprobOf } from './state.js';
import type { Choice, GroupContext, GroupStep } from './step.js';

/**
 * One step of one hypothesis that nothing competes with: greedy search, or one sample.
 *
 * The rules act on logits, as in transformers; the sum adds up the model's own log-probabilities, so that captions
 * sampled at different temperatures compare.
 */
export function stepSingle(group: Group, row: Row, context: GroupContext): GroupStep {
  const { options, special } = context;
  const beam = group.beams[0]!;
  const changes = adjustments(beam.ids, (token) => row.logit(token), options, special.eot);
  const picked = pick(beam, row, changes, context);
  if (picked.token === undefined) return { choices: [], done: true };

  const last = beam.ids.length + 1 >= options.maxLength;
  const isOpenClip = options.scoring === 'openclip';
  // Whatever would be the last id, OpenCLIP writes the end token there.
  const isCut = isOpenClip && last && !context.forced;
  const { random, drawable } = picked;
  const token = isCut ? special.eot : picked.token;
  const ends = token === special.eot || last || (isOpenClip && token === special.pad);
  const chosen: Choice = {
    ...choiceOf(beam, row, token, ends ? 'finished' : 'live'),
    ...(context.forced && { forced: true }),
    ...(random && { random }),
  };
  const others = row
    .listed(options.trace)
    .filter((other) => other.token !== token)
    .map((other) => {
      const fate = context.forced
        ? 'forced'
        : isCut
          ? 'max-length'
          : fateOf(other.token, row, token, changes, drawable);
      const choice = choiceOf(beam, row, other.token, fate);
      return fate === 'n-gram' || fate === 'min-length' ? { ...choice, sum: -Infinity } : choice;
    });
  return { choices: [chosen, ...others], done: ends };
}

/** A token that a hypothesis goes on with. */
export function choiceOf(beam: Beam, row: Row, token: number, fate: Fate): Choice {
  const logprob = logprobOf(row, token);
  return { beam, row, token, logprob, sum: Math.fround(beam.sum + logprob), fate };
}

interface Pick {
  /** Nothing when every token is banned. */
  readonly token: number | undefined;
  readonly random?: Choice['random'];
  /** What a sample was drawn from. */
  readonly drawable?: ReadonlySet<number>;
}

function pick(beam: Beam, row: Row, changes: ReadonlyMap<number, Adjustment>, context: GroupContext): Pick {
  const { options, forced } = context;
  // A forced sample's draw is made for nothing, so that the draws after it are those of the same places.
  if (forced) return { token: forced.token, ...(beam.random && { random: nextRandom(beam.random).state }) };
  return options.strategy === 'sample' ? sampled(beam, row, changes, context) : likeliest(row, changes);
}

function likeliest(row: Row, changes: ReadonlyMap<number, Adjustment>): Pick {
  const [best] = row.top(1, valuesOf(changes));
  return { token: best?.token };
}

function sampled(beam: Beam, row: Row, changes: ReadonlyMap<number, Adjustment>, { options }: GroupContext): Pick {
  const from = distribution(row, changes, options);
  const { state, value } = nextRandom(beam.random!);
  const drawable = options.trace > 0 ? new Set(Array.from(from.tokens)) : undefined;
  return { token: draw(from, value), random: state, ...(drawable && { drawable }) };
}

/** What a token that was not chosen lost by. */
function fateOf(
  token: number,
  row: Row,
  winner: number,
  changes: ReadonlyMap<number, Adjustment>,
  drawable: ReadonlySet<number> | undefined,
): Fate {
  const change = changes.get(token);
  if (change?.value === -Infinity) return change.rule;
  if (drawable) return drawable.has(token) ? 'chance' : 'filtered';
  const logit = (id: number) => ({ token: id, value: row.logit(id) });
  return change && byValue(logit(token), logit(winner)) < 0 ? change.rule : 'score';
}
