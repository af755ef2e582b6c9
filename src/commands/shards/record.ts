import { type RunRecord, runRecord } from '../io/run-record.js';
import type { PartOf, Shared } from './types.js';

/** What made results: a file or part of them goes on, and stands beside others, with the same alone. */
export function recordOf(
  { options: { pixels, frames, ablateOver }, coca }: Pick<Shared, 'options' | 'coca'>,
  { command, options }: Pick<PartOf<never>, 'command' | 'options'>,
): Promise<RunRecord> {
  return runRecord(coca, { command, pixels, frames, ablateOver, ...options });
}
