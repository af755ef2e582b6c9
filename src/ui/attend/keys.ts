import type { Key } from 'ink';
import type { AttendAction } from './state.js';

/** What a key asks for: a change of what is shown, or something that the screen cannot do by itself. */
export type AttendCommand = AttendAction | { readonly type: 'save' | 'quit' | 'interrupt' };

const LETTERS: Readonly<Record<string, AttendCommand['type']>> = {
  h: 'next-head',
  H: 'previous-head',
  m: 'next-method',
  o: 'next-opacity',
  g: 'toggle-grid',
  s: 'save',
  '?': 'toggle-help',
  q: 'quit',
};

/** The keys as the help lists them. */
export const KEY_HELP: readonly (readonly [keys: string, does: string])[] = [
  ['left right', 'word before, word after (Home, End: first, last)'],
  ['up down', 'layer: each, then their mean, then the last'],
  ['h H', 'attention head: their mean, then each (H: back)'],
  ['m', 'method: cross, rollout, gradient'],
  ['o', 'opacity of the map over the picture'],
  ['g', 'all words at once'],
  ['s', 'save pictures and raw arrays'],
  ['?', 'this list'],
  ['q Esc', 'quit'],
];

/** The keys in a line, the most needed first. */
export const KEY_LINE = '←→ word  ↑↓ layer  h head  m method  o opacity  g grid  s save  ? keys  q quit';

/** The command of a key press; undefined for keys that mean nothing. */
export function commandOf(input: string, key: Partial<Key>, isHelp: boolean): AttendCommand | undefined {
  if (key.ctrl) return input === 'c' ? { type: 'interrupt' } : undefined;
  if (key.escape) return { type: isHelp ? 'close-help' : 'quit' };
  if (key.leftArrow) return { type: 'previous-word' };
  if (key.rightArrow) return { type: 'next-word' };
  if (key.home) return { type: 'first-word' };
  if (key.end) return { type: 'last-word' };
  if (key.upArrow) return { type: 'next-layer' };
  if (key.downArrow) return { type: 'previous-layer' };
  if (key.meta || !Object.hasOwn(LETTERS, input)) return undefined;
  return { type: LETTERS[input]! } as AttendCommand;
}
