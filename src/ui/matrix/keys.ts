import type { Key } from 'ink';
import { closesHelp, type KeyHint, keyLine, withArrows } from '../view/key-line.js';
import type { MatrixSource } from './source.js';
import type { MatrixAction, MatrixLimits, MatrixState } from './state.js';

/** What a key asks for: a change of what is shown, or to leave. */
export type MatrixCommand = MatrixAction | { readonly type: 'quit' } | { readonly type: 'interrupt' };

/** Rows that PgUp and PgDn go. */
const PAGE = 10;

/** The keys as the help lists them. */
export const KEY_HELP: readonly KeyHint[] = [
  ['left right, h l', 'word before, word after (Home, End: first, last)'],
  ['Space Tab', 'word after (Shift-Tab: before)'],
  ['up down, k j', 'the row above, below'],
  ['PgUp PgDn', 'ten rows up, down'],
  ['Ctrl-Z', 'back to the shell for a while (fg returns)'],
  ['?', 'this list'],
  ['q Esc', 'quit'],
];

const ALWAYS: readonly KeyHint[] = [
  ['?', 'keys'],
  ['q', 'quit'],
];

/** The keys that mean something now, in a line, the most needed first. */
export function matrixKeyLine(
  { isHelp }: Pick<MatrixState, 'isHelp'>,
  { rows, columns: count }: MatrixLimits,
  { row, column }: MatrixSource['names'],
  columns: number,
): string {
  if (isHelp) return keyLine([['Esc', 'close']], [['q', 'quit']], columns);
  const hints: KeyHint[] = [
    ...(count > 1 ? [['←→', column] as const] : []),
    ...(rows > 1 ? [['↑↓', row] as const] : []),
    ...(rows > PAGE ? [['PgUp PgDn', 'scroll'] as const] : []),
  ];
  return keyLine(hints, ALWAYS, columns);
}

const moved = (rows: number, columns: number): MatrixAction => ({ type: 'move', rows, columns });

/** The command of a key press; undefined for keys that mean nothing. */
export function commandOf(input: string, pressed: Partial<Key>, isHelp: boolean): MatrixCommand | undefined {
  if (pressed.ctrl) return input === 'c' ? { type: 'interrupt' } : undefined;
  if (isHelp && closesHelp(input, pressed)) return { type: 'close-help' };
  const key = withArrows(input, pressed);
  if (key.escape) return { type: 'quit' };
  if (key.tab) return { type: key.shift ? 'previous-column' : 'next-column' };
  if (key.leftArrow) return moved(0, -1);
  if (key.rightArrow) return moved(0, 1);
  if (key.upArrow) return moved(-1, 0);
  if (key.downArrow) return moved(1, 0);
  if (key.pageUp) return moved(-PAGE, 0);
  if (key.pageDown) return moved(PAGE, 0);
  if (key.home) return { type: 'first-column' };
  if (key.end) return { type: 'last-column' };
  if (key.meta) return undefined;
  if (input === ' ') return { type: 'next-column' };
  if (input === '?') return { type: 'toggle-help' };
  return input === 'q' ? { type: 'quit' } : undefined;
}
