import type { Key } from 'ink';
import { hasLayers } from '../../model/attention/maps.js';
import { closesHelp, type KeyHint, keyLine, withArrows } from '../view/key-line.js';
import type { AttendAction, AttendLimits, AttendState } from './state.js';

/** What a key asks for: a change of what is shown, or something that the screen cannot do by itself. */
export type AttendCommand = AttendAction | { readonly type: 'save' | 'quit' | 'interrupt' };

const LETTERS: Readonly<Record<string, AttendCommand['type']>> = {
  ' ': 'next-word',
  n: 'next-head',
  N: 'previous-head',
  m: 'next-method',
  '+': 'more-opacity',
  '-': 'less-opacity',
  g: 'toggle-grid',
  t: 'toggle-text',
  f: 'ground',
  w: 'save',
  s: 'save',
  '?': 'toggle-help',
  q: 'quit',
};

/** The keys as the help lists them. */
export const KEY_HELP: readonly (readonly [keys: string, does: string])[] = [
  ['left right, h l', 'word before, word after (Home, End: first, last)'],
  ['Space Tab', 'word after (Shift-Tab: before)'],
  ['up down, k j', 'layer: each, then their mean, then the last'],
  ['n N', 'attention head: their mean, then each (N: back)'],
  ['m', 'method: cross, rollout, gradient, occlusion (computed when first asked for)'],
  ['+ -', 'opacity of the map over the picture'],
  ['g', 'all words at once'],
  ['t', 'what the word owes to the words before it (computed when first asked for)'],
  ['f', 'figures of what the word owes to the picture, as coca ground has them (computed when first asked for)'],
  ['w s', 'save pictures and raw arrays'],
  ['Ctrl-Z', 'back to the shell for a while (fg returns)'],
  ['?', 'this list'],
  ['q Esc', 'quit'],
];

const ALWAYS: readonly KeyHint[] = [
  ['?', 'keys'],
  ['q', 'quit'],
];

/** The keys that mean something now, in a line, the most needed first. */
export function attendKeyLine(
  { isHelp, isGrid, method, later }: Pick<AttendState, 'isHelp' | 'isGrid' | 'method' | 'later'>,
  { words, layers, heads, methods }: AttendLimits,
  columns: number,
): string {
  if (isHelp) return keyLine([['Esc', 'close']], [['q', 'quit']], columns);
  const hints: readonly (readonly [...KeyHint, boolean])[] = [
    ['←→', 'word', words > 1],
    ['↑↓', 'layer', layers > 1 && hasLayers({ method })],
    ['g', isGrid ? 'one' : 'all', words > 1 || isGrid],
    ['m', 'method', methods.length > 1],
    ['n', 'head', heads > 1 && hasLayers({ method })],
    ['+-', 'opacity', true],
    ['w', 'save', true],
    ['t', 'words before', words > 1],
    ['f', 'seen or guessed', later.includes('grounding')],
  ];
  const shown = hints.filter(([, , isUsed]) => isUsed).map(([keys, does]): KeyHint => [keys, does]);
  return keyLine(shown, ALWAYS, columns);
}

/** The command of a key press; undefined for keys that mean nothing. */
export function commandOf(input: string, pressed: Partial<Key>, isHelp: boolean): AttendCommand | undefined {
  if (pressed.ctrl) return input === 'c' ? { type: 'interrupt' } : undefined;
  if (isHelp && closesHelp(input, pressed)) return { type: 'close-help' };
  const key = withArrows(input, pressed);
  if (key.escape) return { type: 'quit' };
  if (key.leftArrow || (key.tab && key.shift)) return { type: 'previous-word' };
  if (key.rightArrow || key.tab) return { type: 'next-word' };
  if (key.home) return { type: 'first-word' };
  if (key.end) return { type: 'last-word' };
  if (key.upArrow) return { type: 'next-layer' };
  if (key.downArrow) return { type: 'previous-layer' };
  if (key.meta || !Object.hasOwn(LETTERS, input)) return undefined;
  return { type: LETTERS[input]! } as AttendCommand;
}
