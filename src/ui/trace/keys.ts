import type { Key } from 'ink';
import { closesHelp, type KeyHint, keyLine, withArrows } from '../view/key-line.js';
import type { ViewExit } from '../view/view.js';
import type { TraceKeyAction, TraceLimits } from './state.js';

/** What a key asks for: a change of what is shown, or to leave. */
export type TraceCommand = TraceKeyAction['type'] | ViewExit;

/** The keys as the help lists them. */
export const KEY_HELP: readonly (readonly [keys: string, does: string])[] = [
  ['left right, h l', 'word before, word after (Home, End: first, last)'],
  ['Space Tab', 'word after (Shift-Tab: before)'],
  ['up down, k j', 'layer before, layer after'],
  ['Ctrl-Z', 'back to the shell for a while (fg returns)'],
  ['?', 'this list'],
  ['q Esc', 'quit'],
];

const ALWAYS: readonly KeyHint[] = [
  ['?', 'keys'],
  ['q', 'quit'],
];

/** The keys that mean something now, in a line. */
export function traceKeyLine(isHelp: boolean, { words, sites }: TraceLimits, columns: number): string {
  if (isHelp) return keyLine([['Esc', 'close']], [['q', 'quit']], columns);
  const hints: readonly (readonly [...KeyHint, boolean])[] = [
    ['←→', 'word', words > 1],
    ['↑↓', 'layer', sites > 1],
  ];
  const shown = hints.filter(([, , isUsed]) => isUsed).map(([keys, does]): KeyHint => [keys, does]);
  return keyLine(shown, ALWAYS, columns);
}

/** The command of a key press; undefined for keys that mean nothing. */
export function commandOf(input: string, pressed: Partial<Key>, isHelp: boolean): TraceCommand | undefined {
  if (pressed.ctrl) return input === 'c' ? 'interrupt' : undefined;
  if (isHelp && closesHelp(input, pressed)) return 'close-help';
  const key = withArrows(input, pressed);
  if (key.escape) return 'quit';
  if (key.leftArrow || (key.tab && key.shift)) return 'previous-word';
  if (key.rightArrow || key.tab || input === ' ') return 'next-word';
  if (key.home) return 'first-word';
  if (key.end) return 'last-word';
  if (key.upArrow) return 'previous-site';
  if (key.downArrow) return 'next-site';
  if (key.meta) return undefined;
  if (input === '?') return 'toggle-help';
  return input === 'q' ? 'quit' : undefined;
}
