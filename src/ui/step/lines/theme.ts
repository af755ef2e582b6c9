import type { Fate } from '../../../model/decoding/index.js';
import type { SessionNode, Why } from '../../../model/stepper/index.js';
import { painter } from '../../palette.js';
import type { Colors } from '../../terminal.js';

/** Marks of what becomes of a token: shapes, for those who see no colours. */
export const MARKS = { live: '●', finished: '✓', pruned: '✗' } as const;

/** Before what is chosen. */
export const CHOSEN = '›';
/** After a token that was forced. */
export const FORCED = '!';

/** What becomes of a token, or why nothing does: in a word or two, and in the words of the help. */
export const REASONS: Readonly<Record<Fate | Why, readonly [short: string, long: string]>> = {
  live: ['goes on', 'goes on as a beam'],
  finished: ['ends here', 'ends a caption'],
  score: ['score', 'others rank higher'],
  repetition: ['repetition', 'the repetition penalty pulls it down'],
  diversity: ['diversity', 'an earlier group chose it'],
  'n-gram': ['n-gram', 'it would repeat an n-gram'],
  'min-length': ['min length', 'the caption may not end yet'],
  'end-rank': ['end rank', 'an end that ranks below the beams'],
  filtered: ['filtered', 'outside top-k, top-p or min-p'],
  chance: ['chance', 'another sample was drawn'],
  'max-length': ['max length', 'the end token was written over it, as the last id'],
  forced: ['forced', 'another token was forced'],
  'by-hand': ['by hand', 'pruned by hand'],
  ended: ['ended', 'the search was over'],
};

export const reasonText = (fate: Fate | Why): string => REASONS[fate][0];

/** Whether a fate is to survive the step. */
export const survives = (fate: Fate): boolean => fate === 'live' || fate === 'finished';

/** The mark of a fate or a state. */
export function markOf(fate: Fate | SessionNode['state']): string {
  return fate === 'live' ? MARKS.live : fate === 'finished' ? MARKS.finished : MARKS.pruned;
}

/** Text in the colour of a fate or state: what lives stands out, what fell steps back. */
export function paintFate(text: string, fate: Fate | SessionNode['state'], colors: Colors): string {
  const paint = painter(colors);
  if (fate === 'finished') return paint.green(text);
  return fate === 'live' ? text : paint.dim(text);
}

/** A number with three decimals in eight columns: a log-probability or a score. */
export const figure = (value: number | null): string => (value === null ? '-' : value.toFixed(3)).padStart(8);
