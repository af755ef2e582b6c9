import type { RunControl, TrainingEvent } from '../model/training/events.js';
import type { CommandContext } from './command.js';
import { type RunEnd, writeEvents } from './train-output.js';

export async function showEvents(
  events: AsyncGenerator<TrainingEvent>,
  _c: RunControl,
  context: CommandContext,
): Promise<RunEnd> {
  return writeEvents(events, { jsonl: false, logEvery: 1 }, context);
}
