import type { DecodingOptions } from '../../model/decoding/index.js';
import { knobOf } from '../../model/decoding/knobs.js';
import { changeableOptions } from '../../model/stepper/actions.js';
import type { ChangeVerb, Draft } from './source.js';

/** What the view shows of a walk, as a value: where one looks, and what one is about to ask. */
export interface StepState {
  readonly mode: 'walk' | 'find' | 'options' | 'change' | 'help' | 'leave';
  /** The token that is looked at, in tokens before the end of the chosen text. */
  readonly back: number;
  /** Rows that the tree is scrolled down from where the chosen beam is in the middle. */
  readonly scroll: number;
  /** The lower part shows what it does not show at first (see the layout's `isOther`). */
  readonly isOther: boolean;
  /** A map of where the token looks lies over the picture. */
  readonly isAttending: boolean;
  /** What is to be changed. */
  readonly verb: ChangeVerb;
  /** What was typed to find a token or to say a change, and which of those found is meant. */
  readonly query: string;
  readonly match: number;
  /** The option that is edited, and values that were changed but not taken yet. */
  readonly row: number;
  readonly draft: Draft;
  /** What the last action had to say. */
  readonly message: string;
}

/** How far the things that keys walk through go. */
export interface StepLimits {
  /** Tokens of the chosen text. */
  readonly tokens: number;
  readonly matches: number;
  readonly scroll: readonly [least: number, most: number];
  readonly options: DecodingOptions;
}

export type StepAction =
  | { readonly type: 'token-before' | 'token-after' }
  | { readonly type: 'scroll'; readonly by: number }
  | {
      readonly type:
        | 'toggle-lower'
        | 'toggle-attention'
        | 'toggle-help'
        | 'open-find'
        | 'open-options'
        | 'ask-to-leave'
        | 'close';
    }
  | { readonly type: 'open-change'; readonly verb: ChangeVerb }
  | { readonly type: 'type'; readonly text: string }
  | { readonly type: 'erase' }
  | { readonly type: 'move'; readonly by: 1 | -1 }
  | { readonly type: 'adjust'; readonly by: 1 | -1 }
  /** Something is asked of the walk: one looks at where it leads. */
  | { readonly type: 'ask' }
  | { readonly type: 'say'; readonly message: string };

/** An action, and how far things go when it comes. */
export interface LimitedAction {
  readonly action: StepAction;
  readonly limits: StepLimits;
}

export const INITIAL: StepState = {
  mode: 'walk',
  back: 0,
  scroll: 0,
  isOther: false,
  isAttending: false,
  verb: 'erase',
  query: '',
  match: 0,
  row: 0,
  draft: {},
  message: '',
};

/** What a key press, or the end of a request, makes of a state. */
export function reduce(state: StepState, action: StepAction, limits: StepLimits): StepState {
  const quiet: StepState = { ...state, message: '' };
  switch (action.type) {
    case 'token-before':
      return { ...quiet, back: Math.max(0, Math.min(state.back + 1, limits.tokens - 1)) };
    case 'token-after':
      return { ...quiet, back: Math.max(0, state.back - 1) };
    case 'scroll':
      return { ...quiet, scroll: within(limits.scroll, within(limits.scroll, state.scroll) + action.by) };
    case 'toggle-lower':
      return { ...quiet, isOther: !state.isOther, scroll: 0 };
    case 'toggle-attention':
      return { ...quiet, isAttending: !state.isAttending };
    case 'toggle-help':
      return { ...quiet, mode: state.mode === 'help' ? 'walk' : 'help', scroll: 0 };
    case 'open-find':
      return { ...quiet, mode: 'find', query: '', match: 0 };
    case 'open-change':
      return { ...quiet, mode: 'change', verb: action.verb, query: '', match: 0 };
    case 'open-options':
      return { ...quiet, mode: 'options', row: 0, draft: {} };
    case 'ask-to-leave':
      return { ...quiet, mode: 'leave' };
    case 'close':
      return { ...quiet, mode: 'walk', scroll: 0 };
    case 'ask':
      return changed(state, { mode: 'walk', message: '', back: 0, scroll: 0 });
    case 'say':
      return changed(state, { message: action.message });
    default:
      return state.mode === 'options' ? editing(quiet, action, limits) : finding(quiet, action, limits);
  }
}

/** The same state where nothing changes: then nothing is drawn. */
function changed(state: StepState, changes: Partial<StepState>): StepState {
  const isSame = Object.entries(changes).every(([name, value]) => state[name as keyof StepState] === value);
  return isSame ? state : { ...state, ...changes };
}

const within = ([least, most]: readonly [number, number], value: number): number =>
  Math.min(most, Math.max(least, value));

type Typing = Extract<StepAction, { readonly type: 'type' | 'erase' | 'move' | 'adjust' }>;

function finding(state: StepState, action: Typing, { matches }: StepLimits): StepState {
  switch (action.type) {
    case 'type':
      return { ...state, query: state.query + action.text, match: 0 };
    case 'erase':
      return { ...state, query: [...state.query].slice(0, -1).join(''), match: 0 };
    case 'move':
      return { ...state, match: matches === 0 ? 0 : (state.match + action.by + matches) % matches };
    case 'adjust':
      return state;
  }
}

function editing(state: StepState, action: Typing, { options }: StepLimits): StepState {
  const names = changeableOptions(options);
  const name = names[state.row];
  if (name === undefined) return state;
  const value = state.draft[name] ?? String(options[name]);
  const draft = (text: string): StepState => ({ ...state, draft: { ...state.draft, [name]: text } });
  switch (action.type) {
    case 'move':
      return { ...state, row: (state.row + action.by + names.length) % names.length };
    case 'adjust':
      return draft(adjusted(value, knobOf(name).by!, action.by));
    // What is typed first takes the place of the value.
    case 'type':
      return draft((state.draft[name] ?? '') + action.text);
    case 'erase':
      return draft(value.slice(0, -1));
  }
}

function adjusted(value: string, by: number | readonly (string | boolean)[], direction: 1 | -1): string {
  if (typeof by !== 'number') {
    const at = by.findIndex((choice) => String(choice) === value);
    return String(by[(at + direction + by.length) % by.length]);
  }
  const number = Number(value);
  // Sums of tenths, without the dust of binary fractions.
  return Number.isFinite(number) ? String(Number((number + direction * by).toFixed(6))) : value;
}
