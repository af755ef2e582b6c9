import { Readable } from 'node:stream';
import type { CommandContext, Outcome } from '../../cli/command.js';
import { failureLines } from '../../cli/failures.js';
import { CocaError, stopIfAborted } from '../../model/base/errors.js';
import { readList } from '../io/lists.js';
import type { Stage } from './context.js';
import type { ReplSession } from './session.js';

/** A command's stdin in a session that reads its lines from there. */
export function takenStdin(): Readable {
  return new Readable({
    read() {
      this.destroy(new CocaError('usage', 'stdin (-) holds the lines of this session', 'name a file instead'));
    },
  });
}

/**
 * Does the lines of stdin one after the other and answers plainly: a session for programs, and for people whose
 * terminal draws nothing. A line that fails is reported, and the next one has its turn.
 * @param prompt shown before each line, where a person types
 * @param image to begin with
 * @returns how many lines were done, and how many failed in whole or part
 */
export async function runScript(
  session: ReplSession,
  image: string | undefined,
  context: CommandContext,
  prompt: string,
): Promise<Outcome> {
  const stage: Stage = {
    ...context,
    stdin: takenStdin(),
    // A terminal that draws nothing is written to as a pipe is.
    terminal: { ...context.terminal, interactive: false },
    onScreen: () => Promise.reject(new CocaError('usage', 'this session has no screen to show that on')),
    echo: async () => undefined,
    clear: () => undefined,
  };
  if (image !== undefined) await session.open(image, stage);
  const tally = { done: 0, failed: 0 };
  const ask = () => process.stderr.write(prompt);
  ask();
  let number = 0;
  for await (const line of readList('-', 'line', context.stdin)) {
    number++;
    stopIfAborted(context.signal);
    try {
      const outcome = await session.run(line, stage);
      if (outcome !== 'nothing') outcome.failed === 0 ? tally.done++ : tally.failed++;
    } catch (error) {
      if (!(error instanceof CocaError) || context.signal.aborted) throw error;
      tally.failed++;
      const { message, hint } = failureLines(error);
      const said = hint === undefined ? message : `${message} (${hint})`;
      context.complain(prompt === '' ? `line ${number}: ${said}` : said);
    }
    if (session.isOver) break;
    ask();
  }
  return tally;
}
