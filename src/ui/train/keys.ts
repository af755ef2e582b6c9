import type { Key } from 'ink';
import type { TrainAction } from './state.js';

/** What a key asks for. */
export type TrainCommand =
  | (TrainAction & { readonly type: 'save' | 'stop' | 'toggle-log' | 'toggle-help' | 'close-help' })
  | { readonly type: 'interrupt' };

const LETTERS: Readonly<Record<string, TrainCommand['type']>> = {
  s: 'save',
  l: 'toggle-log',
  q: 'stop',
  '?': 'toggle-help',
};

/** The keys as the help lists them. */
export const KEY_HELP: readonly (readonly [keys: string, does: string])[] = [
  ['s', 'write a checkpoint after this step'],
  ['l', 'scale of losses: as they need it, logarithmic, linear'],
  ['q', 'stop after this step, with a checkpoint'],
  ['Ctrl-C', 'the same, with exit code 130; a second one does not wait'],
  ['?', 'this list'],
];

/** The keys in a line, the most needed first. */
export const KEY_LINE = 'q stop  s save  l scale  ? keys';

/** The command of a key press; undefined for keys that mean nothing. */
export function commandOf(input: string, key: Partial<Key>, isHelp: boolean): TrainCommand | undefined {
  if (key.ctrl) return input === 'c' ? { type: 'interrupt' } : undefined;
  if (key.escape) return isHelp ? { type: 'close-help' } : undefined;
  if (key.meta || !Object.hasOwn(LETTERS, input)) return undefined;
  return { type: LETTERS[input]! };
}
