import type { Command } from '../../../cli/command.js';
import type { Word } from './words.js';

/** Words that people are used to from elsewhere. */
const OTHER_WORDS: ReadonlyMap<string, string> = new Map([
  ['?', 'help'],
  ['/?', 'help'],
  ['q', 'quit'],
  [':q', 'quit'],
  ['/bye', 'quit'],
  ['bye', 'quit'],
]);

/** A line's words with the verb that its first one means: `/caption` is `caption`, where no file has that name. */
export function withPlainVerb(
  words: readonly Word[],
  commands: readonly Command[],
  exists: (path: string) => boolean,
): readonly Word[] {
  const [first, ...rest] = words as [Word, ...Word[]];
  if (first.isQuoted || exists(first.text)) return words;
  const bare = first.text.replace(/^\//, '');
  const isVerb = bare !== first.text && (bare === 'help' || commands.some(({ name }) => name === bare));
  const meant = OTHER_WORDS.get(first.text) ?? (isVerb ? bare : undefined);
  return meant === undefined ? words : [{ ...first, text: meant }, ...rest];
}
