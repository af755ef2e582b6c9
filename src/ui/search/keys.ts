import type { Key } from 'ink';
import { closesHelp, keyLine, withArrows } from '../view/key-line.js';
import type { ViewExit } from '../view/view.js';
import type { SearchAction } from './state.js';

/** What a key asks for: a change of what is shown, something done with a picture, or to leave. */
export type SearchCommand = SearchAction | 'choose' | 'open-file' | ViewExit;

/** The keys as the help lists them. */
export const KEY_HELP: readonly (readonly [keys: string, does: string])[] = [
  ['left right, h l', 'picture before, picture after (Home, End: first, last)'],
  ['up down, k j', 'the picture above, below (PageUp, PageDown: a page)'],
  ['Space Tab', 'picture after (Shift-Tab: before)'],
  ['Enter', 'the session on this picture'],
  ['o', 'opens the file with the program of its kind'],
  ['Ctrl-Z', 'back to the shell for a while (fg returns)'],
  ['?', 'this list'],
  ['q Esc', 'quit'],
];

/** The keys that mean something now, in a line. */
export function searchKeyLine(isHelp: boolean, columns: number): string {
  if (isHelp) return keyLine([['Esc', 'close']], [['q', 'quit']], columns);
  return keyLine(
    [
      ['←→↑↓', 'picture'],
      ['Enter', 'session'],
      ['o', 'open file'],
    ],
    [
      ['?', 'keys'],
      ['q', 'quit'],
    ],
    columns,
  );
}

/** How far up and down go. */
export interface Steps {
  readonly perRow: number;
  readonly perPage: number;
}

/** The command of a key press; undefined for keys that mean nothing. */
export function commandOf(
  input: string,
  pressed: Partial<Key>,
  isHelp: boolean,
  { perRow, perPage }: Steps,
): SearchCommand | undefined {
  if (pressed.ctrl) return input === 'c' ? 'interrupt' : undefined;
  if (isHelp && closesHelp(input, pressed)) return { type: 'close-help' };
  const key = withArrows(input, pressed);
  const move = (by: number): SearchAction => ({ type: 'move', by });
  if (key.escape) return 'quit';
  if (key.return) return 'choose';
  if (key.leftArrow || (key.tab && key.shift)) return move(-1);
  if (key.rightArrow || key.tab || input === ' ') return move(1);
  if (key.upArrow) return move(-perRow);
  if (key.downArrow) return move(perRow);
  if (key.pageUp) return move(-Math.max(1, perPage));
  if (key.pageDown) return move(Math.max(1, perPage));
  if (key.home) return { type: 'first' };
  if (key.end) return { type: 'last' };
  if (key.meta) return undefined;
  if (input === '?') return { type: 'toggle-help' };
  if (input === 'o') return 'open-file';
  return input === 'q' ? 'quit' : undefined;
}
