import { existsSync } from 'node:fs';
import type { CommandContext, OptionSpecs } from '../../cli/command.js';
import { commaList } from '../../cli/values.js';
import { CocaError } from '../../model/base/errors.js';
import { readTextList } from '../io/lists.js';

/** What a question can be answered with. */
export const ANSWERS_OPTION = {
  answers: {
    type: 'text',
    kind: 'file',
    placeholder: 'A,B',
    description: 'the answers, with commas between; or the name of a file that has one a line, - for stdin',
  },
} as const satisfies OptionSpecs;

/**
 * Checks what was typed, as far as it is no file.
 * @throws CocaError `usage` for fewer than two answers
 */
export function checkAnswers(word: string): void {
  if (!isFile(word)) distinct(commaList(word));
}

/**
 * The answers that a word names or lists, each once.
 * @throws CocaError `usage` for fewer than two; as `readTextList`
 */
export async function answersOf(word: string, { stdin }: Pick<CommandContext, 'stdin'>): Promise<readonly string[]> {
  if (!isFile(word)) return distinct(commaList(word));
  const answers: string[] = [];
  for await (const answer of readTextList(word, stdin)) answers.push(answer.trim());
  return distinct(answers);
}

/** Whether a word names a file rather than answers. */
const isFile = (word: string): boolean => word === '-' || (!word.includes(',') && existsSync(word));

function distinct(answers: readonly string[]): readonly string[] {
  const given = [...new Set(answers.filter((answer) => answer !== ''))];
  if (given.length > 1) return given;
  const what = given.length === 0 ? 'there is no answer' : `${JSON.stringify(given[0])} is the only answer`;
  throw new CocaError(
    'usage',
    `${what}, and there must be two to choose from`,
    '--answers yes,no, or a file with one a line',
  );
}
