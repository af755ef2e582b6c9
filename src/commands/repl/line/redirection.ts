import { CocaError } from '../../../model/base/errors.js';
import type { Word } from './words.js';

/** Where the plain result of a line goes instead of the screen. */
export type Target =
  | { readonly kind: 'file'; readonly file: string; readonly isAdded: boolean }
  | { readonly kind: 'shell'; readonly command: string };

/**
 * Reads `LINE > FILE`, `LINE >> FILE` and `LINE | COMMAND`, as a shell does.
 * @param words those of the line
 * @param hasCaptions whether bars part captions in this line: then none begins a command
 * @returns the line that is left and where its result goes; nothing where it is only a line
 * @throws CocaError `usage` for an arrow without a file, or with more behind it
 */
export function redirectionOf(
  line: string,
  words: readonly Word[],
  hasCaptions: boolean,
): { readonly line: string; readonly target: Target } | undefined {
  for (const [i, word] of words.entries()) {
    if (i === 0) continue;
    if (word.isBar && !hasCaptions) return pipe(line, word);
    // One that stands in quotes is part of a caption.
    if (line[word.start] === '>') return intoFile(line, word, words.slice(i + 1));
  }
  return undefined;
}

function pipe(line: string, bar: Word) {
  const command = line.slice(bar.end).trim();
  if (command === '') throw new CocaError('usage', 'after the bar (|) a command is missing', 'caption | wc -w');
  return { line: line.slice(0, bar.start), target: { kind: 'shell', command } } as const;
}

function intoFile(line: string, arrow: Word, after: readonly Word[]) {
  const isAdded = arrow.text.startsWith('>>');
  const beside = arrow.text.slice(isAdded ? 2 : 1);
  const [file, more] = beside === '' ? after.map(({ text }) => text) : [beside, after[0]?.text];
  if (file === undefined) throw new CocaError('usage', 'after > a file is missing', 'caption > caption.txt');
  if (more !== undefined) throw new CocaError('usage', `after > stands one file, not also '${more}'`);
  return { line: line.slice(0, arrow.start), target: { kind: 'file', file, isAdded } } as const;
}
