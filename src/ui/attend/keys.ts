import type { Key } from 'ink';
import { hasLayers } from '../../model/attention/maps.js';
import { closesHelp, type KeyHint, keyLine, withArrows } from '../view/key-line.js';
import type { AttendAction, AttendLimits, AttendState } from './state.js';

/** What a key asks for: a change of what is shown, or something that the screen cannot do by itself. */
export type AttendCommand =
  | AttendAction
  | { readonly type: 'save' | 'quit' | 'interrupt' }
  /** A rectangle is to be chosen; it, or the word's region, is erased; what was erased last is given back. */
  | { readonly type: 'choose-region' | 'erase-region' | 'erase-word' | 'give-back' };

const LETTERS: Readonly<Record<string, AttendCommand['type']>> = {
  ' ': 'next-word',
  ']': 'next-frame',
  '[': 'previous-frame',
  n: 'next-head',
  N: 'previous-head',
  m: 'next-method',
  '+': 'more-opacity',
  '-': 'less-opacity',
  g: 'toggle-grid',
  t: 'toggle-text',
  f: 'ground',
  E: 'choose-region',
  X: 'erase-word',
  u: 'give-back',
  w: 'save',
  s: 'save',
  '?': 'toggle-help',
  q: 'quit',
};

/** The keys as the help lists them. */
export const KEY_HELP: readonly (readonly [keys: string, does: string])[] = [
  ['left right, h l', 'word before, word after (Home, End: first, last)'],
  ['Space Tab', 'word after (Shift-Tab: before)'],
  ['[ ]', 'of a clip: frame before, frame after'],
  ['up down, k j', 'layer: each, then their mean, then the last'],
  ['n N', 'attention head: their mean, then each (N: back)'],
  ['m', 'method: cross, rollout, gradient, occlusion (computed when first asked for)'],
  ['+ -', 'opacity of the map over the picture'],
  ['g', 'all words at once'],
  ['t', 'what the word owes to the words before it (computed when first asked for)'],
  ['f', 'figures of what the word owes to the picture, as coca ground has them (computed when first asked for)'],
  ['E', 'erase a rectangle: arrows move it, HJKL size it, Enter erases'],
  ['X', "erase the word's region, the highest fifth of its map"],
  ['u', 'what was erased last is there again'],
  ['w s', 'save pictures and raw arrays'],
  ['Ctrl-Z', 'back to the shell for a while (fg returns)'],
  ['?', 'this list'],
  ['q Esc', 'quit'],
];

const ALWAYS: readonly KeyHint[] = [
  ['?', 'keys'],
  ['q', 'quit'],
];

const REGION: readonly KeyHint[] = [
  ['Enter', 'erase'],
  ['arrows', 'move'],
  ['HJKL', 'size'],
];

/** The keys that mean something now, in a line, the most needed first. */
export function attendKeyLine(
  {
    isHelp,
    isGrid,
    method,
    later,
    region,
    reading,
  }: Pick<AttendState, 'isHelp' | 'isGrid' | 'method' | 'later' | 'region' | 'reading'>,
  { words, frames, layers, heads, methods }: AttendLimits,
  columns: number,
): string {
  if (isHelp) return keyLine([['Esc', 'close']], [['q', 'quit']], columns);
  if (region) return keyLine(REGION, [['Esc', 'leave']], columns);
  const hints: readonly (readonly [...KeyHint, boolean])[] = [
    ['u', 'give back', reading > 0],
    ['←→', 'word', words > 1],
    ['[]', 'frame', frames > 1],
    ['↑↓', 'layer', layers > 1 && hasLayers({ method })],
    ['g', isGrid ? 'one' : 'all', words > 1 || isGrid],
    ['m', 'method', methods.length > 1],
    ['n', 'head', heads > 1 && hasLayers({ method })],
    ['+-', 'opacity', true],
    ['w', 'save', true],
    ['X', 'erase it', frames === 1],
    ['E', 'erase', frames === 1],
    ['t', 'words before', words > 1],
    ['f', 'seen or guessed', later.includes('grounding')],
  ];
  const shown = hints.filter(([, , isUsed]) => isUsed).map(([keys, does]): KeyHint => [keys, does]);
  return keyLine(shown, ALWAYS, columns);
}

/** The command of a key press; undefined for keys that mean nothing. */
export function commandOf(
  input: string,
  pressed: Partial<Key>,
  { isHelp, region }: Pick<AttendState, 'isHelp' | 'region'>,
): AttendCommand | undefined {
  if (pressed.ctrl) return input === 'c' ? { type: 'interrupt' } : undefined;
  if (isHelp && closesHelp(input, pressed)) return { type: 'close-help' };
  if (region) return regionCommand(input, pressed);
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

/** Letters that size a rectangle as Shift and the arrows do. */
const SIZES: Readonly<Record<string, Partial<Key>>> = {
  H: { leftArrow: true, shift: true },
  J: { downArrow: true, shift: true },
  K: { upArrow: true, shift: true },
  L: { rightArrow: true, shift: true },
};

/** A key while a rectangle is chosen. */
function regionCommand(input: string, pressed: Partial<Key>): AttendCommand | undefined {
  const key = Object.hasOwn(SIZES, input) ? SIZES[input]! : withArrows(input, pressed);
  if (key.escape || input === 'E') return { type: 'close-region' };
  if (key.return) return { type: 'erase-region' };
  const x = key.leftArrow ? -1 : key.rightArrow ? 1 : 0;
  const y = key.upArrow ? -1 : key.downArrow ? 1 : 0;
  if (x === 0 && y === 0) return input === 'q' ? { type: 'quit' } : undefined;
  return { type: key.shift ? 'size-region' : 'move-region', x, y };
}
