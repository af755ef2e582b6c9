import type { Key } from 'node:readline';
import type { EditorAction } from './editor.js';

/** What a key asks for: a change of the line, or something that the line cannot do by itself. */
export type PromptCommand =
  | EditorAction
  | {
      readonly type:
        | 'submit'
        | 'complete'
        | 'complete-back'
        | 'interrupt'
        | 'end-of-input'
        | 'clear-screen'
        | 'suspend'
        | 'edit-outside';
    };

const NAMED: Readonly<Record<string, PromptCommand>> = {
  return: { type: 'submit' },
  enter: { type: 'submit' },
  backspace: { type: 'delete-backward' },
  delete: { type: 'delete-forward' },
  left: { type: 'move-left' },
  right: { type: 'move-right' },
  home: { type: 'move-start' },
  end: { type: 'move-end' },
  up: { type: 'previous-line' },
  down: { type: 'next-line' },
  escape: { type: 'close-menu' },
};

/** As in other shells. */
const WITH_CTRL: Readonly<Record<string, PromptCommand>> = {
  a: { type: 'move-start' },
  b: { type: 'move-left' },
  c: { type: 'interrupt' },
  d: { type: 'end-of-input' },
  e: { type: 'move-end' },
  f: { type: 'move-right' },
  g: { type: 'cancel-search' },
  h: { type: 'delete-backward' },
  k: { type: 'kill-to-end' },
  l: { type: 'clear-screen' },
  n: { type: 'next-line' },
  p: { type: 'previous-line' },
  r: { type: 'search' },
  u: { type: 'kill-to-start' },
  w: { type: 'delete-word-backward' },
  y: { type: 'yank' },
  z: { type: 'suspend' },
  left: { type: 'move-word-left' },
  right: { type: 'move-word-right' },
  delete: { type: 'delete-word-forward' },
  backspace: { type: 'delete-word-backward' },
};

/** After Ctrl-X. */
const AFTER_X: Readonly<Record<string, PromptCommand>> = {
  e: { type: 'edit-outside' },
  u: { type: 'undo' },
};

const WITH_META: Readonly<Record<string, PromptCommand>> = {
  b: { type: 'move-word-left' },
  f: { type: 'move-word-right' },
  d: { type: 'delete-word-forward' },
  left: { type: 'move-word-left' },
  right: { type: 'move-word-right' },
  backspace: { type: 'delete-word-backward' },
};

/**
 * The command of a key press, as Node reads key presses.
 * @param isAfterX whether the key before was Ctrl-X, which begins a sequence of two and means nothing alone
 * @returns undefined for keys that mean nothing
 */
export function commandOf(text: string | undefined, key: Key, isAfterX = false): PromptCommand | undefined {
  const name = key.name ?? '';
  const own = (table: Readonly<Record<string, PromptCommand>>) =>
    Object.hasOwn(table, name) ? table[name] : undefined;
  // Ctrl-_ and Ctrl-/ come as this character, without a name.
  if (text === '\u001f' || key.sequence === '\u001f') return { type: 'undo' };
  if (key.ctrl && isAfterX && own(AFTER_X)) return own(AFTER_X);
  if (key.ctrl) return own(WITH_CTRL);
  if (key.meta && name !== 'escape') return own(WITH_META);
  if (name === 'tab') return { type: key.shift ? 'complete-back' : 'complete' };
  const named = own(NAMED);
  if (named) return named;
  const isText = text !== undefined && text !== '' && !/[\u0000-\u001f\u007f]/.test(text);
  return isText ? { type: 'insert', text } : undefined;
}
