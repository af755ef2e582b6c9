import type { Rectangle } from '../../model/attention/faithfulness.js';
import type { AttentionMaps, MapChoice, MapMethod } from '../../model/attention/index.js';
import { hasLayers } from '../../model/attention/maps.js';
import { OPACITY } from '../picture/heat.js';
import type { Later } from './source.js';

/** What is on the screen, as a value. */
export interface AttendState extends MapChoice {
  readonly word: number;
  /** Of a clip: which of the frames that were looked at is shown, from 0. */
  readonly frame: number;
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
  /** A rectangle of cells that is about to be erased. */
  readonly region: Rectangle | null;
  /** Which of the readings is shown: 0 is that of the whole picture, each next one has more erased. */
  readonly reading: number;
  /** How many words the caption of that reading has; null while it is the first. */
  readonly words: number | null;
  /** The picture is being read again. */
  readonly isReading: boolean;
}

/** How far each of the things that keys walk through goes. */
export interface AttendLimits extends Pick<AttentionMaps, 'grid' | 'layers' | 'heads' | 'methods'> {
  /** Of the caption of the whole picture. */
  readonly words: number;
  /** Of a clip; 1 of a picture. */
  readonly frames: number;
}

export type AttendAction =
  | { readonly type: 'next-word' | 'previous-word' | 'first-word' | 'last-word' }
  | { readonly type: 'next-frame' | 'previous-frame' }
  | { readonly type: 'next-layer' | 'previous-layer' }
  | { readonly type: 'next-head' | 'previous-head' }
  | { readonly type: 'next-method' | 'more-opacity' | 'less-opacity' }
  | { readonly type: 'toggle-grid' | 'toggle-text' | 'toggle-help' | 'close-help' | 'ground' }
  /** Shows a rectangle that can be moved and sized, by cells; or no more. */
  | { readonly type: 'open-region'; readonly region: Rectangle }
  | { readonly type: 'move-region' | 'size-region'; readonly x: number; readonly y: number }
  | { readonly type: 'close-region' | 'start-reading' }
  /** Another reading is there to be shown. */
  | { readonly type: 'read'; readonly reading: number; readonly words: number; readonly later: readonly Later[] }
  | { readonly type: 'progress'; readonly part: number }
  | { readonly type: 'computed'; readonly what: Later }
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'say'; readonly message: string };

/** From the default upwards and around. */
export const OPACITIES = [OPACITY, 0.7, 0.9, 0, 0.3] as const;

export function initialState(selection: MapChoice, word: number, later: readonly Later[] = []): AttendState {
  const shown = { word, frame: 0, opacity: OPACITY, isGrid: false, isText: false, isHelp: false, message: '' };
  const whole = { region: null, reading: 0, words: null, isReading: false };
  return { ...selection, ...shown, ...whole, later, awaited: null, part: 0 };
}

/** What a key press makes of a state. Every walk ends where it began. */
export function reduce(state: AttendState, action: AttendAction, limits: AttendLimits): AttendState {
  const quiet: AttendState = { ...state, message: '' };
  const words = state.words ?? limits.words;
  switch (action.type) {
    case 'next-word':
      return { ...quiet, word: (state.word + 1) % words };
    case 'previous-word':
      return { ...quiet, word: (state.word + words - 1) % words };
    case 'first-word':
      return { ...quiet, word: 0 };
    case 'last-word':
      return { ...quiet, word: words - 1 };
    case 'next-frame':
    case 'previous-frame': {
      if (limits.frames === 1) return { ...state, message: 'a picture has no frames to walk through' };
      const by = action.type === 'next-frame' ? 1 : limits.frames - 1;
      return { ...quiet, frame: (state.frame + by) % limits.frames };
    }
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
      return limits.frames > 1 ? { ...state, message: OF_PICTURES } : withGrounding(quiet);
    case 'toggle-help':
      return { ...quiet, isHelp: !state.isHelp };
    case 'close-help':
      return { ...quiet, isHelp: false };
    case 'open-region':
      if (limits.frames > 1) return { ...state, message: OF_PICTURES };
      return { ...quiet, region: action.region, isGrid: false, isText: false };
    case 'move-region':
    case 'size-region':
      return { ...quiet, region: state.region && shifted(state.region, action, limits.grid) };
    case 'close-region':
      return { ...quiet, region: null };
    case 'start-reading':
      return { ...quiet, region: null, isReading: true };
    case 'read': {
      const { reading, later } = action;
      const word = Math.min(state.word, action.words - 1);
      const method = later.some((one) => one === state.method) ? limits.methods[0]! : state.method;
      const read = { reading, words: action.words, later, word, method, isReading: false, isText: false };
      return { ...quiet, ...read, awaited: null, part: 0 };
    }
    case 'progress':
      return { ...state, part: action.part };
    case 'computed': {
      const known = { ...state, later: state.later.filter((one) => one !== action.what) };
      if (state.awaited !== action.what) return known;
      if (action.what === 'grounding') return withGrounding(known);
      return action.what === 'words' ? withText(known) : withMethod(known, action.what);
    }
    case 'failed':
      return { ...state, awaited: null, isReading: false, message: action.message };
    case 'say':
      return { ...state, message: action.message };
  }
}

/** A rectangle in another place, or of another size: within the picture, and never nothing. */
function shifted(
  region: Rectangle,
  { type, x, y }: Extract<AttendAction, { readonly x: number }>,
  grid: number,
): Rectangle {
  const within = (value: number, least: number, most: number) => Math.min(most, Math.max(least, value));
  if (type === 'move-region') {
    const left = within(region.x + x, 0, grid - region.width);
    return { ...region, x: left, y: within(region.y + y, 0, grid - region.height) };
  }
  const width = within(region.width + x, 1, grid - region.x);
  return { ...region, width, height: within(region.height + y, 1, grid - region.y) };
}

/** Of what is asked of pictures alone. */
export const OF_PICTURES = 'this is asked of pictures: of a clip there are maps, and what words owe to words';

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
