import type { RunFacts } from '../../model/training/run/events.js';
import { type Curve, EMPTY_CURVE, extend } from './curve.js';

/** What a run is, as it is to be shown: nothing in it may move a cursor. */
export type TrainFacts = Omit<RunFacts, 'history'>;

/** Figures of one step; null for a loss that is not trained. */
export interface StepFigures {
  readonly step: number;
  readonly contrastive: number | null;
  readonly captioning: number | null;
  readonly classification: number | null;
  readonly temperature: number;
  readonly learningRate: number;
  readonly gradNorm: number;
  readonly epoch: number;
  readonly seconds: number;
}

/** How watching a run ended. */
export interface TrainEnd {
  /** What was shown last. */
  readonly state: TrainState;
  /** Ctrl-C was pressed: twice, where the run has not ended. */
  readonly isInterrupted: boolean;
}

export const LOSSES = ['contrastive', 'captioning', 'classification'] as const;
export type LossName = (typeof LOSSES)[number];

/** Losses on data that is not trained on. */
export type ValidationFigures = Pick<StepFigures, 'step' | LossName>;

export interface ShownCaption {
  readonly step: number;
  readonly text: string;
  readonly logprob: number;
}

/** A run as it is shown. */
export interface TrainState {
  readonly facts: TrainFacts;
  /** The first step that is drawn. */
  readonly first: number | undefined;
  readonly last: StepFigures | undefined;
  readonly curves: Readonly<Record<CurveName, Curve>>;
  /** Oldest first; of very many not all. */
  readonly validations: readonly ValidationFigures[];
  /** Seconds of the last steps. */
  readonly recent: readonly number[];
  /** Oldest first; of those that say the same, one after the other, the first. */
  readonly captions: readonly ShownCaption[];
  /** The newest, whatever it says. */
  readonly caption: ShownCaption | undefined;
  readonly saved: { readonly step: number; readonly folder: string } | undefined;
  readonly warnings: readonly string[];
  readonly warningCount: number;
  /** Of losses and gradients. */
  readonly scale: Scale;
  readonly isHelp: boolean;
  readonly isStopping: boolean;
  /** A checkpoint was asked for and is not written yet. */
  readonly isSaving: boolean;
}

export type CurveName = LossName | 'gradNorm' | 'learningRate';

export type TrainAction =
  | { readonly type: 'step'; readonly figures: StepFigures }
  | { readonly type: 'validation'; readonly figures: ValidationFigures }
  | { readonly type: 'caption'; readonly caption: ShownCaption }
  | { readonly type: 'checkpoint'; readonly step: number; readonly folder: string }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'save' | 'stop' | 'next-scale' | 'toggle-help' | 'close-help' };

/** Chosen by how a curve goes, or by a person. */
export type Scale = 'auto' | 'log' | 'linear';

const NEXT_SCALE: Readonly<Record<Scale, Scale>> = { auto: 'log', log: 'linear', linear: 'auto' };

/** Steps over which a rate is taken. */
const RECENT = 20;
const MOST_CAPTIONS = 100;
const MOST_VALIDATIONS = 512;
const MOST_WARNINGS = 20;

export function initialState(facts: TrainFacts): TrainState {
  const curves = {
    contrastive: EMPTY_CURVE,
    captioning: EMPTY_CURVE,
    classification: EMPTY_CURVE,
    gradNorm: EMPTY_CURVE,
    learningRate: EMPTY_CURVE,
  };
  return {
    facts,
    first: undefined,
    last: undefined,
    curves,
    validations: [],
    recent: [],
    captions: [],
    caption: undefined,
    saved: undefined,
    warnings: [],
    warningCount: 0,
    scale: 'auto',
    isHelp: false,
    isStopping: false,
    isSaving: false,
  };
}

/** What an event or a key makes of a state. */
export function reduce(state: TrainState, action: TrainAction): TrainState {
  switch (action.type) {
    case 'step':
      return stepped(state, action.figures);
    case 'validation': {
      const all = [...state.validations, action.figures];
      const isFull = all.length > MOST_VALIDATIONS;
      return { ...state, validations: isFull ? all.filter((_, i) => (all.length - 1 - i) % 2 === 0) : all };
    }
    case 'caption': {
      const isNews = state.captions.at(-1)?.text !== action.caption.text;
      // The first stays, however many there are: it is what the newest is compared with.
      const [first, ...others] = isNews ? [...state.captions, action.caption] : state.captions;
      const captions = first ? [first, ...others.slice(1 - MOST_CAPTIONS)] : [];
      return { ...state, captions, caption: action.caption };
    }
    case 'checkpoint':
      return { ...state, saved: { step: action.step, folder: action.folder }, isSaving: false };
    case 'warning':
      return {
        ...state,
        warnings: [...state.warnings, action.message].slice(-MOST_WARNINGS),
        warningCount: state.warningCount + 1,
      };
    case 'save':
      return { ...state, isSaving: true };
    case 'stop':
      return { ...state, isStopping: true };
    case 'next-scale':
      return { ...state, scale: NEXT_SCALE[state.scale], isHelp: false };
    case 'toggle-help':
      return { ...state, isHelp: !state.isHelp };
    case 'close-help':
      return { ...state, isHelp: false };
  }
}

function stepped(state: TrainState, figures: StepFigures): TrainState {
  const curves = { ...state.curves };
  for (const name of Object.keys(curves) as CurveName[]) {
    const value = figures[name];
    if (value !== null) curves[name] = extend(curves[name], value);
  }
  return {
    ...state,
    first: state.first ?? figures.step,
    last: figures,
    curves,
    recent: [...state.recent, figures.seconds].slice(-RECENT),
  };
}

/** Over the last steps; 0 while there were none. */
export function samplesPerSecond({ recent, facts }: TrainState): number {
  const seconds = recent.reduce((sum, value) => sum + value, 0);
  return seconds > 0 ? (recent.length * facts.batch) / seconds : 0;
}

/** Undefined while there is no rate. */
export function secondsLeft(state: TrainState): number | undefined {
  const { recent, facts, last } = state;
  if (recent.length === 0 || last === undefined) return undefined;
  const mean = recent.reduce((sum, value) => sum + value, 0) / recent.length;
  return (facts.steps - last.step) * mean;
}
