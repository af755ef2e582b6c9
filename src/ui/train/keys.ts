import type { Key } from 'ink';
import { closesHelp, type KeyHint, keyLine } from '../view/key-line.js';
import type { TrainAction, TrainState } from './state.js';

/** What a key asks for. */
export type TrainCommand =
  | (TrainAction & { readonly type: 'save' | 'stop' | 'next-scale' | 'toggle-help' | 'close-help' })
  | { readonly type: 'interrupt' };

const LETTERS: Readonly<Record<string, TrainCommand['type']>> = {
  w: 'save',
  s: 'save',
  y: 'next-scale',
  q: 'stop',
  '?': 'toggle-help',
};

/** The keys as the help lists them. */
export const KEY_HELP: readonly (readonly [keys: string, does: string])[] = [
  ['w s', 'write a checkpoint after this step'],
  ['y', 'scale of losses: as they need it, logarithmic, linear'],
  ['q', 'stop after this step, with a checkpoint'],
  ['Ctrl-C', 'the same, with exit code 130; a second one does not wait'],
  ['Ctrl-Z', 'back to the shell, and no step is taken until fg'],
  ['?', 'this list'],
];

/** The keys that mean something now, in a line, the most needed first. */
export function trainKeyLine({ isHelp, last }: Pick<TrainState, 'isHelp' | 'last'>, columns: number): string {
  if (isHelp) return keyLine([['Esc', 'close']], [['q', 'stop']], columns);
  const curves: readonly KeyHint[] = last === undefined ? [] : [['y', 'scale']];
  const always: readonly KeyHint[] = [
    ['?', 'keys'],
    ['q', 'stop'],
  ];
  return keyLine([['w', 'save'], ...curves], always, columns);
}

/** The command of a key press; undefined for keys that mean nothing. */
export function commandOf(input: string, key: Partial<Key>, isHelp: boolean): TrainCommand | undefined {
  if (key.ctrl) return input === 'c' ? { type: 'interrupt' } : undefined;
  if (isHelp && closesHelp(input, key)) return { type: 'close-help' };
  if (key.meta || !Object.hasOwn(LETTERS, input)) return undefined;
  return { type: LETTERS[input]! };
}
