import type { ObjectWriter } from '../../cli/answers.js';
import type { CommandContext, Outcome } from '../../cli/command.js';
import { CocaError } from '../../model/base/errors.js';
import { formatOf, objectWriter, Tally } from '../io/results.js';

/**
 * Does something with each model that was named. One name that fails is the error of the run; of several, it is one of them.
 * @param work is given the writer of objects, where those are wanted
 */
export async function eachName(
  names: readonly string[],
  options: { readonly json: boolean; readonly jsonl: boolean },
  context: CommandContext,
  work: (name: string, objects: ObjectWriter | undefined) => Promise<void>,
): Promise<Outcome> {
  const format = formatOf(options, context);
  const objects = format === 'json' || format === 'jsonl' ? objectWriter(context.out, format) : undefined;
  const tally = new Tally(context, objects);
  for (const name of names) {
    try {
      await work(name, objects);
      tally.succeed();
    } catch (error) {
      context.status.clear();
      const isFailure = error instanceof CocaError && error.code !== 'interrupted' && error.code !== 'usage';
      if (!isFailure || (names.length === 1 && !objects)) throw error;
      await tally.fail(name, error, 'model');
    }
  }
  await objects?.end();
  return tally.outcome();
}
