import { CocaError } from '../base/errors.js';
import { isDone } from '../decoding/state.js';
import type { Tokenizer } from '../tokenizer/tokenizer.js';
import type { OptionChanges } from './actions.js';
import type { ChangeRequest } from './changes.js';
import { CANDIDATES, candidatesOf, chosenOf, type Hypothesis, hypothesesOf, type Line } from './line.js';
import { currentLine } from './session.js';
import type { Stepper } from './stepper.js';

/** A token to force: one by its number among the likeliest (from 1) or its id; or those of a text, one after the other. */
export type ForceTarget =
  | { readonly text: string }
  | { readonly candidate: number }
  | { readonly id: number }
  | { readonly ids: readonly number[] };

/** What is asked of a walk, as scripts and keys say it: about the line and the beam that are looked at. */
export type Verb =
  | { readonly type: 'next'; readonly times?: number }
  | { readonly type: 'undo' | 'redo'; readonly times?: number | 'all' }
  | { readonly type: 'run' }
  /** Looks at the beam of that number; at the first hypothesis; or at the one before or after, around the ends. */
  | { readonly type: 'choose'; readonly to: number | 'first' | 'up' | 'down' }
  | { readonly type: 'force'; readonly target: ForceTarget }
  | { readonly type: 'prune'; readonly beam?: number | undefined }
  /** A line of its own from a text as it was after a step, or `back` tokens before its end; whole unless given. */
  | {
      readonly type: 'fork';
      readonly beam?: number | undefined;
      readonly step?: number | undefined;
      readonly back?: number;
    }
  | { readonly type: 'line'; readonly line: number | 'next' }
  | { readonly type: 'set'; readonly options: OptionChanges }
  /** A change, from the text of the beam that is looked at: as it was after a step, or without the last `back` tokens. */
  | {
      readonly type: 'change';
      readonly change: ChangeRequest;
      readonly step?: number | undefined;
      readonly back?: number;
    };

function refuse(message: string, hint?: string): never {
  throw new CocaError('usage', message, hint);
}

/**
 * Does what a verb says.
 * @throws CocaError `usage` for what cannot be done; what a verb had done by then stays
 * @throws CocaError `interrupted` when a run is
 */
export async function performVerb(
  stepper: Stepper,
  verb: Verb,
  tokenizer: Pick<Tokenizer, 'encode'>,
  signal?: AbortSignal,
): Promise<void> {
  const { session } = stepper;
  const { line: at, lines } = session.walk;
  const line = currentLine(session);
  switch (verb.type) {
    case 'next':
      for (let time = 0; time < (verb.times ?? 1); time++) await stepper.perform({ type: 'next', line: at });
      return;
    case 'undo':
    case 'redo': {
      const times = verb.times === 'all' ? session[verb.type === 'undo' ? 'past' : 'future'].length : (verb.times ?? 1);
      for (let time = 0; time < times; time++) await stepper.perform({ type: verb.type });
      return;
    }
    case 'run':
      await stepper.run(signal ? { signal } : {});
      return;
    case 'choose':
      await stepper.perform({ type: 'choose', at: placeOf(line, verb.to) });
      return;
    case 'force':
      for (const token of await idsOf(stepper, verb.target, tokenizer)) {
        const chosen = chosenOf(currentLine(stepper.session));
        if (chosen.kind === 'finished')
          refuse('a finished caption takes no more tokens', 'choose a beam, or undo a step');
        await stepper.perform({ type: 'force', line: at, beam: chosen.number, token });
      }
      return;
    case 'prune': {
      const meant = hypothesesOf(line)[placeOf(line, verb.beam)]!;
      if (meant.kind === 'finished') refuse('a finished caption cannot be pruned');
      await stepper.perform({ type: 'prune', line: at, beam: meant.number });
      return;
    }
    case 'fork': {
      const place = placeOf(line, verb.beam);
      const length = forkLength(line, hypothesesOf(line)[place]!, verb);
      await stepper.perform({ type: 'fork', line: at, at: place, ...(length !== undefined && { length }) });
      return;
    }
    case 'line':
      await stepper.perform({ type: 'switch', line: verb.line === 'next' ? (at + 1) % lines.length : verb.line });
      return;
    case 'set':
      if (Object.keys(verb.options).length === 0) return;
      await stepper.perform({ type: 'set', line: at, options: verb.options });
      return;
    case 'change': {
      const length = forkLength(line, chosenOf(line), verb);
      const change = await stepper.changeOf(verb.change, chosenOf(line).text, line);
      await stepper.perform({ line: at, at: line.chosen, ...(length !== undefined && { length }), ...change });
    }
  }
}

/** Where a hypothesis stands among those of a line; the one that is looked at unless one is named. */
function placeOf(line: Line, to: number | 'first' | 'up' | 'down' | undefined): number {
  if (to === undefined) return line.chosen;
  if (to === 'first') return 0;
  const all = hypothesesOf(line);
  if (typeof to === 'string') return (line.chosen + (to === 'up' ? -1 : 1) + all.length) % all.length;
  const place = all.findIndex((one) => one.kind === 'live' && one.number === to);
  if (place >= 0) return place;
  const numbers = line.numbers.flat();
  return refuse(
    `this line has no beam ${to}`,
    numbers.length === 0 ? 'its search has ended' : `its beams are ${numbers.join(', ')}`,
  );
}

/** How many ids of a hypothesis a fork starts from: all of them unless it is said. */
function forkLength({ state }: Line, { text }: Hypothesis, { step, back }: Verb & { type: 'fork' | 'change' }) {
  if (step !== undefined) return state.promptLength + step;
  if (back === undefined) return undefined;
  return Math.min(text.ids.length - (text.ids.at(-1) === state.special.eot ? 1 : 0), text.ids.length - back);
}

async function idsOf(
  stepper: Stepper,
  target: ForceTarget,
  tokenizer: Pick<Tokenizer, 'encode'>,
): Promise<readonly number[]> {
  if ('ids' in target) return target.ids;
  if ('id' in target) return [target.id];
  if ('text' in target) {
    const ids = tokenizer.encode(target.text);
    return ids.length > 0 ? ids : refuse(`'${target.text}' has no tokens`);
  }
  const line = currentLine(stepper.session);
  if (isDone(line.state)) refuse('this search has ended', 'undo a step, or fork from an earlier token');
  const candidates = candidatesOf(await stepper.preview(), chosenOf(line)).slice(0, CANDIDATES);
  const found = candidates[target.candidate - 1];
  return [found?.token ?? refuse(`there is no candidate ${target.candidate}`, `there are ${candidates.length}`)];
}
