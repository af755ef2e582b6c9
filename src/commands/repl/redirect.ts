import { appendFile } from 'node:fs/promises';
import { encodeName } from '../../model/base/file-names.js';
import { orWriteFailed, writeWhole } from '../../model/base/whole-file.js';
import type { Action } from './action.js';
import { capturing } from './capture.js';
import type { LineOutcome, SessionContext, Stage } from './context.js';
import type { Target } from './line/redirection.js';
import { runShell } from './shell.js';

/** What a session is, to one of its lines. */
interface Lines {
  run(line: string, stage: Stage): Promise<LineOutcome>;
  /** What was done, in order. */
  readonly actions: Action[];
}

/**
 * Does a line, and puts its plain result where it is to go; a script that is exported says the same.
 * @throws CocaError as the line does; `write-failed`
 */
export async function runRedirected(
  session: Lines,
  { line, target }: { readonly line: string; readonly target: Target },
  context: SessionContext,
): Promise<LineOutcome> {
  const { context: quiet, text } = capturing(context);
  const before = session.actions.length;
  const outcome = await session.run(line, quiet);
  if (outcome === 'nothing' || outcome.done === 0) return outcome;
  if (target.kind === 'shell') {
    const { failed } = await runShell(target.command, context, text());
    return { ...outcome, failed: outcome.failed + failed };
  }
  const { file, isAdded } = target;
  if (isAdded) await orWriteFailed(file, appendFile(encodeName(file), text()));
  else await writeWhole(file, (write) => write(Buffer.from(text())));
  const [action, ...more] = session.actions.slice(before);
  if (action && more.length === 0 && !isAdded) session.actions.splice(before, 1, { ...action, into: file });
  return outcome;
}
