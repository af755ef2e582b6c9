import { CocaError } from '../base/errors.js';
import { CHANGEABLE, type ChangeableName, type DecodingOptions, isOf } from '../decoding/knobs.js';
import { decodingOptions } from '../decoding/options.js';
import type { SearchState } from '../decoding/state.js';
import type { WalkChange } from './changes.js';

/**
 * What changes a walk and is remembered: a session is the list of these. Each says which line it is about; beams go by
 * their numbers.
 */
export type Action =
  /** A step of the search, as `coca caption` takes it. */
  | { readonly type: 'next'; readonly line: number }
  /** A step in which a beam goes on with a token of one's choice; the others compete for the remaining places. */
  | { readonly type: 'force'; readonly line: number; readonly beam: number; readonly token: number }
  /** Takes a beam out of the search. */
  | { readonly type: 'prune'; readonly line: number; readonly beam: number }
  /**
   * A new line that starts from the first `length` ids of a hypothesis (all unless given), with the whole width of the
   * search for itself. `at` counts as `choose` does.
   */
  | { readonly type: 'fork'; readonly line: number; readonly at: number; readonly length?: number }
  /**
   * A new line from the first `length` ids of a hypothesis, as a fork, which the model reads again with something changed
   * in what it sees or is; changes of the line that it comes from stay.
   */
  | ({ readonly line: number; readonly at: number; readonly length?: number } & WalkChange)
  /** Other options from here on. */
  | { readonly type: 'set'; readonly line: number; readonly options: OptionChanges };

/** An action that changes the model, or what it sees. */
export type ChangeAction = Extract<Action, WalkChange>;

export const isChange = (input: Action | Move): input is ChangeAction =>
  input.type === 'erase' || input.type === 'ablate' || input.type === 'patch';

/** What such an action changes. */
export function changeOf({ line: _line, at: _at, length: _length, ...change }: ChangeAction): WalkChange {
  return change;
}

/** What only changes where one looks, and moves in the history. */
export type Move =
  | { readonly type: 'undo' | 'redo' }
  /** Looks at one of the current line's hypotheses: its beams in order, then its finished captions. */
  | { readonly type: 'choose'; readonly at: number }
  | { readonly type: 'switch'; readonly line: number };

export type OptionChanges = Partial<Pick<DecodingOptions, ChangeableName>>;

/** Those of the changeable options that mean something to a search. */
export function changeableOptions(options: DecodingOptions): readonly ChangeableName[] {
  return CHANGEABLE.filter((name) => isOf(name, options) && (name !== 'diversity' || options.groups > 1));
}

/**
 * The options of a search with changes.
 * @throws CocaError `usage` for what cannot be changed on the way, or cannot be had together
 */
export function changedOptions(state: SearchState, changes: OptionChanges, contextLength: number): DecodingOptions {
  const { options, groups } = state;
  const fixed = Object.keys(changes).find((name) => !CHANGEABLE.some((known) => known === name));
  if (fixed !== undefined) {
    throw new CocaError('usage', `${fixed} cannot be changed on the way`, `what can: ${CHANGEABLE.join(', ')}`);
  }
  if (options.strategy === 'beam' && changes.beams === 1) {
    throw new CocaError('usage', 'one beam would be another search', 'choose at least 2 beams, or start greedily');
  }
  const changed = decodingOptions({ ...options, ...changes }, { contextLength });
  const length = Math.max(0, ...groups.flatMap(({ beams }) => beams.map(({ ids }) => ids.length)));
  if (changed.maxLength <= length) {
    throw new CocaError(
      'usage',
      `max length ${changed.maxLength} leaves no room after the ${length} ids there are`,
      `choose at least ${length + 1}`,
    );
  }
  return changed;
}
