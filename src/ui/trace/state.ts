/** What is on the screen, as a value. */
export interface TraceState {
  readonly word: number;
  readonly site: number;
  readonly isHelp: boolean;
}

/** How far the keys walk. */
export interface TraceLimits {
  readonly words: number;
  readonly sites: number;
}

export type TraceAction = {
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

export const initialState = (word: number, site: number): TraceState => ({ word, site, isHelp: false });

/** What a key press makes of a state. Every walk ends where it began. */
export function reduce(state: TraceState, { type }: TraceAction, { words, sites }: TraceLimits): TraceState {
  const wrapped = (value: number, count: number) => (value + count) % count;
  switch (type) {
    case 'next-word':
      return { ...state, word: wrapped(state.word + 1, words) };
    case 'previous-word':
      return { ...state, word: wrapped(state.word - 1, words) };
    case 'first-word':
      return { ...state, word: 0 };
    case 'last-word':
      return { ...state, word: words - 1 };
    case 'next-site':
      return { ...state, site: wrapped(state.site + 1, sites) };
    case 'previous-site':
      return { ...state, site: wrapped(state.site - 1, sites) };
    case 'toggle-help':
      return { ...state, isHelp: !state.isHelp };
    case 'close-help':
      return { ...state, isHelp: false };
  }
}
