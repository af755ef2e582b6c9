import type { AttentionMaps, MapChoice, MapMethod } from '../../model/attention/index.js';
import { hasLayers } from '../../model/attention/maps.js';
import { OPACITY } from '../picture/heat.js';
import type { Later } from './source.js';

/** What is on the screen, as a value. */
export interface AttendState extends MapChoice {
  readonly word: number;
  /** Of the map over the picture: 0 shows the picture alone. */
  readonly opacity: number;
  /** One word large, or all words at once. */
  readonly isGrid: boolean;
  /** What the word owes to those before it, in place of the picture. */
  readonly isText: boolean;
  readonly isHelp: boolean;
  /** What the last action had to say. */
  readonly message: string;
  /** What is still to be computed. */
  readonly later: readonly Later[];
  /** What a key asked for and is being computed: it is shown once it is there, unless another key asks for something else. */
  readonly awaited: Later | null;
  /** How far that is, from 0 to 1. */
  readonly part: number;
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
  | { readonly type: 'toggle-grid' | 'toggle-text' | 'toggle-help' | 'close-help' | 'ground' }
  | { readonly type: 'progress'; readonly part: number }
  | { readonly type: 'computed'; readonly what: Later }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'say'; readonly message: string };

/** From the default upwards and around. */
export const OPACITIES = [OPACITY, 0.7, 0.9, 0, 0.3] as const;

export function initialState(selection: MapChoice, word: number, later: readonly Later[] = []): AttendState {
  const shown = { word, opacity: OPACITY, isGrid: false, isText: false, isHelp: false, message: '' };
  return { ...selection, ...shown, later, awaited: null, part: 0 };
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
    case 'previous-layer':
      if (!hasLayers(state)) return { ...state, message: OUTSIDE };
      return { ...quiet, layer: step(layersOf(limits), state.layer, action.type === 'next-layer' ? 1 : -1) };
    case 'next-head':
    case 'previous-head':
      if (!hasLayers(state)) return { ...state, message: OUTSIDE };
      return { ...quiet, head: step(headsOf(limits), state.head, action.type === 'next-head' ? 1 : -1) };
    case 'next-method':
      return withMethod(quiet, step(limits.methods, state.awaited === 'occlusion' ? state.awaited : state.method, 1));
    case 'more-opacity':
      return { ...quiet, opacity: step(OPACITIES as readonly number[], state.opacity, 1) };
    case 'less-opacity':
      return { ...quiet, opacity: step(OPACITIES as readonly number[], state.opacity, -1) };
    case 'toggle-grid':
      return { ...quiet, isGrid: !state.isGrid, isText: false, isHelp: false };
    case 'toggle-text':
      if (state.isText || state.awaited === 'words') return { ...quiet, isText: false, awaited: null };
      return withText(quiet);
    case 'ground':
      return withGrounding(quiet);
    case 'toggle-help':
      return { ...quiet, isHelp: !state.isHelp };
    case 'close-help':
      return { ...quiet, isHelp: false };
    case 'progress':
      return { ...state, part: action.part };
    case 'computed': {
      const known = { ...state, later: state.later.filter((one) => one !== action.what) };
      if (state.awaited !== action.what) return known;
      if (action.what === 'grounding') return withGrounding(known);
      return action.what === 'words' ? withText(known) : withMethod(known, action.what);
    }
    case 'failed':
      return { ...state, awaited: null, message: action.message };
    case 'say':
      return { ...state, message: action.message };
  }
}

const OUTSIDE = 'occlusion asks the model from outside: it has no layers and heads';

/** A method is shown at once, or when it is computed. */
function withMethod(state: AttendState, method: MapMethod): AttendState {
  const awaited = state.later.find((one) => one === method) ?? null;
  return awaited === null ? { ...state, method, awaited } : { ...state, awaited, part: 0 };
}

/** So is what a word owes to the others. */
function withText(state: AttendState): AttendState {
  if (state.later.includes('words')) return { ...state, awaited: 'words', part: 0 };
  return { ...state, isText: true, isGrid: false, isHelp: false, awaited: null };
}

/** What a word owes to the picture stands in the panel of one word, from when it is computed. */
function withGrounding(state: AttendState): AttendState {
  if (state.later.includes('grounding')) return { ...state, awaited: 'grounding', part: 0 };
  return { ...state, isGrid: false, isText: false, isHelp: false, awaited: null };
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
