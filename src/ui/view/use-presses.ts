import { type Key, useInput } from 'ink';

export interface Press {
  readonly input: string;
  readonly key: Partial<Key>;
}

/** Keys that are characters to a terminal. */
const CONTROLS: Readonly<Record<string, Press>> = {
  '\r': { input: '', key: { return: true } },
  '\n': { input: '', key: { return: true } },
  '\t': { input: '', key: { tab: true } },
  '\b': { input: '', key: { backspace: true } },
  '\u007f': { input: '', key: { backspace: true } },
  '\u0003': { input: 'c', key: { ctrl: true } },
  '\u001a': { input: 'z', key: { ctrl: true } },
};

/** Keys that come faster than they are read arrive together, as one text: the single presses in it. */
export function pressesOf(input: string, key: Partial<Key>): readonly Press[] {
  if (input.length < 2 || key.ctrl || key.meta) return [{ input, key }];
  return [...input].map((letter) => CONTROLS[letter] ?? { input: letter, key: {} });
}

/**
 * Reads a view's keys, one press at a time: each can change what the next one means. Ctrl-Z is the same in all of them.
 * @param isAnswer takes what the terminal says by itself out of the input
 */
export function usePresses(
  { suspend }: { readonly suspend: () => Promise<void> },
  isAnswer: (input: string) => boolean,
  onPress: (press: Press) => void,
): void {
  useInput((input, key) => {
    if (isAnswer(input)) return;
    for (const press of pressesOf(input, key)) {
      if (press.key.ctrl && press.input === 'z') void suspend();
      else onPress(press);
    }
  });
}
