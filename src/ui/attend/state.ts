import type { AttentionMaps, MapChoice } from '../../model/attention/index.js';

import { OPACITY } from '../picture/heat.js';

/** What is on the screen, as a value. */
export interface AttendState extends MapChoice {
  readonly word: number;
  /** Of the map over the picture: 0 shows the picture alone. */
  readonly opacity: number;
  /** One word large, or all words at once. */
  readonly isGrid: boolean;
  readonly isHelp: boolean;
  /** What the last action had to say. */
  readonly message: string;
}

/** How far each of the things that keys walk through goes. */
export interface AttendLimits extends Pick<AttentionMaps, 'layers' | 'heads' | 'methods'> {
  readonly words: number;
}

export type AttendAction =
  | { readonly type: 'next-word' | 'previous-word' | 'first-word' | 'last-word' }
  | { readonly type: 'next-layer' | 'previous-layer' }
  | { readonly type: 'next-head' | 'previous-head' }
  | { readonly type: 'next-method' | 'more-opacity' | 'less-opacity' }
  | { readonly type: 'toggle-grid' | 'toggle-help' | 'close-help' }
  | { readonly type: 'say'; readonly message: string };

/** From the default upwards and around. */
export const OPACITIES = [OPACITY, 0.7, 0.9, 0, 0.3] as const;

export function initialState(selection: MapChoice, word: number): AttendState {
  return { ...selection, word, opacity: OPACITY, isGrid: false, isHelp: false, message: '' };
}

/** What a key press makes of a state. Every walk ends where it began. */
export function reduce(state: AttendState, action: AttendAction, limits: AttendLimits): AttendState {
  const quiet: AttendState = { ...state, message: '' };
  switch (action.type) {
    case 'next-word':
      return { ...quiet, word: (state.word + 1) % limits.words };
    case 'previous-word':
      return { ...quiet, word: (state.word + limits.words - 1) % limits.words };
    case 'first-word':
      return { ...quiet, word: 0 };
    case 'last-word':
      return { ...quiet, word: limits.words - 1 };
    case 'next-layer':
      return { ...quiet, layer: step(layersOf(limits), state.layer, 1) };
    case 'previous-layer':
      return { ...quiet, layer: step(layersOf(limits), state.layer, -1) };
    case 'next-head':
      return { ...quiet, head: step(headsOf(limits), state.head, 1) };
    case 'previous-head':
      return { ...quiet, head: step(headsOf(limits), state.head, -1) };
    case 'next-method':
      return { ...quiet, method: step(limits.methods, state.method, 1) };
    case 'more-opacity':
      return { ...quiet, opacity: step(OPACITIES as readonly number[], state.opacity, 1) };
    case 'less-opacity':
      return { ...quiet, opacity: step(OPACITIES as readonly number[], state.opacity, -1) };
    case 'toggle-grid':
      return { ...quiet, isGrid: !state.isGrid, isHelp: false };
    case 'toggle-help':
      return { ...quiet, isHelp: !state.isHelp };
    case 'close-help':
      return { ...quiet, isHelp: false };
    case 'say':
      return { ...state, message: action.message };
  }
}

function layersOf({ layers }: AttendLimits): readonly MapChoice['layer'][] {
  return [...Array(layers).keys(), 'mean', 'last'];
}

function headsOf({ heads }: AttendLimits): readonly MapChoice['head'][] {
  return ['mean', ...Array(heads).keys()];
}

function step<T>(choices: readonly T[], from: T, by: number): T {
  return choices[(choices.indexOf(from) + by + choices.length) % choices.length]!;
}
