import type { Key } from 'ink';
import { widthOf } from '../layout.js';

/** Keys and what they do, in a word or two. */
export type KeyHint = readonly [keys: string, does: string];

const GAP = '  ';
const textOf = (hints: readonly KeyHint[]): string => hints.map((hint) => hint.join(' ')).join(GAP);

/**
 * The keys that matter now in one line: the first of `hints` that fit, in their order, and before all others those of `always`. None
 * is cut.
 */
export function keyLine(hints: readonly KeyHint[], always: readonly KeyHint[], columns: number): string {
  for (let count = hints.length; count >= 0; count--) {
    const line = textOf([...hints.slice(0, count), ...always]);
    if (widthOf(line) <= columns) return line;
  }
  for (let from = 1; from < always.length; from++) {
    const line = textOf(always.slice(from));
    if (widthOf(line) <= columns) return line;
  }
  return '';
}

/** The arrow that a key is to those who leave their fingers on the letters. */
const ARROWS: Readonly<Record<string, Partial<Key>>> = {
  h: { leftArrow: true },
  j: { downArrow: true },
  k: { upArrow: true },
  l: { rightArrow: true },
};

/** A key where letters are no text: h, j, k and l are arrows. */
export function withArrows(input: string, key: Partial<Key>): Partial<Key> {
  return key.ctrl || key.meta || !Object.hasOwn(ARROWS, input) ? key : ARROWS[input]!;
}

/** Whether a key closes a list of keys, in every view: Esc, Enter, Space, or ? once more. */
export function closesHelp(input: string, key: Partial<Key>): boolean {
  return key.escape === true || key.return === true || input === '?' || input === ' ';
}
