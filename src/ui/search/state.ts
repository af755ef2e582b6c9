import type { ViewExit } from '../view/view.js';

/** How the view was left, or with which picture. */
export type SearchExit = ViewExit | { readonly chosen: number };

/** What is on the screen, as a value. */
export interface SearchState {
  readonly at: number;
  readonly isHelp: boolean;
  /** What was just done, in a line. */
  readonly message: string;
  /** How many thumbnails are there: those before this one. */
  readonly loaded: number;
}

export type SearchAction =
  | { readonly type: 'move'; readonly by: number }
  | { readonly type: 'first' | 'last' | 'toggle-help' | 'close-help' }
  | { readonly type: 'say'; readonly text: string }
  | { readonly type: 'loaded'; readonly count: number };

export const initialState: SearchState = { at: 0, isHelp: false, message: '', loaded: 0 };

/** What a key press makes of a state; a walk ends at the first and at the last. */
export function reduce(state: SearchState, action: SearchAction, count: number): SearchState {
  const at = (place: number): SearchState => ({
    ...state,
    at: Math.max(0, Math.min(count - 1, place)),
    message: '',
  });
  switch (action.type) {
    case 'move':
      return at(state.at + action.by);
    case 'first':
      return at(0);
    case 'last':
      return at(count - 1);
    case 'toggle-help':
      return { ...state, isHelp: !state.isHelp };
    case 'close-help':
      return { ...state, isHelp: false };
    case 'say':
      return { ...state, message: action.text };
    case 'loaded':
      return { ...state, loaded: action.count };
  }
}
