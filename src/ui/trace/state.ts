/** What is on the screen, as a value. */
export interface TraceState {
  readonly word: number;
  readonly site: number;
  /** Whether the site was chosen with a key; until then it is the best one that is known. */
  readonly isChosen: boolean;
  /** How many sites are known. */
  readonly known: number;
  readonly isHelp: boolean;
}

/** How far the keys walk. */
export interface TraceLimits {
  readonly words: number;
  readonly sites: number;
}

/** One more site is known. */
export interface SiteKnown {
  readonly type: 'site-known';
  /** The best site of each word by now. */
  readonly best: (word: number) => number;
}

export type TraceAction = SiteKnown | TraceKeyAction;

export type TraceKeyAction = {
  readonly type:
    | 'next-word'
    | 'previous-word'
    | 'first-word'
    | 'last-word'
    | 'next-site'
    | 'previous-site'
    | 'toggle-help'
    | 'close-help';
};

export const initialState = (word: number, site: number): TraceState => ({
  word,
  site,
  isChosen: false,
  known: 0,
  isHelp: false,
});

/** What a key press makes of a state. Every walk ends where it began. */
export function reduce(state: TraceState, action: TraceAction, { words, sites }: TraceLimits): TraceState {
  const wrapped = (value: number, count: number) => (value + count) % count;
  switch (action.type) {
    case 'site-known': {
      const site = state.isChosen ? state.site : action.best(state.word);
      return { ...state, known: state.known + 1, site };
    }
    case 'next-word':
      return { ...state, word: wrapped(state.word + 1, words) };
    case 'previous-word':
      return { ...state, word: wrapped(state.word - 1, words) };
    case 'first-word':
      return { ...state, word: 0 };
    case 'last-word':
      return { ...state, word: words - 1 };
    case 'next-site':
      return { ...state, isChosen: true, site: wrapped(state.site + 1, sites) };
    case 'previous-site':
      return { ...state, isChosen: true, site: wrapped(state.site - 1, sites) };
    case 'toggle-help':
      return { ...state, isHelp: !state.isHelp };
    case 'close-help':
      return { ...state, isHelp: false };
  }
}
