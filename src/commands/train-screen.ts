import type { RunControl, TrainingEvent } from '../model/training/events.js';
import { visible } from '../ui/text.js';
import { stepLine, validationLine } from '../ui/train/figures.js';
import { showTraining } from '../ui/train/show.js';
import type { CommandContext } from './command.js';
import { actionOf, endWarnings, factLines, type RunEnd, startState } from './train-output.js';

/** Shows a run's events on a screen of their own, and what is left to know of them below it. */
export async function showEvents(
  events: AsyncGenerator<TrainingEvent>,
  control: RunControl,
  context: CommandContext,
): Promise<RunEnd> {
  const { out, notice, complain, status, terminal } = context;
  status.show('opening model and data');
  const { value: first } = await events.next();
  status.clear();
  if (first?.type !== 'start') throw new Error('a run begins with its facts');
  for (const line of factLines(first.facts)) notice(line);
  const warnings: string[] = [];
  let end: (TrainingEvent & { readonly type: 'done' }) | undefined;
  try {
    const { state, isInterrupted } = await context.onScreen((streams) =>
      showTraining(
        {
          initial: startState(first.facts),
          async follow(tell) {
            for await (const event of events) {
              if (event.type === 'warning') warnings.push(event.message);
              if (event.type === 'done') end = event;
              const action = actionOf(event);
              if (action) tell(action);
            }
          },
          onSave: () => control.save(),
          onStop: () => control.stop(),
        },
        terminal,
        streams,
      ),
    );
    if (state.last) await out.line(stepLine(state));
    for (const last of state.validations.slice(-1)) await out.line(validationLine(last));
    if (state.caption) await out.line(`caption of step ${state.caption.step}: ${state.caption.text}`);
    if (state.saved) await out.line(`checkpoint of step ${state.saved.step}: ${state.saved.folder}`);
    return { isInterrupted };
  } finally {
    for (const warning of warnings) complain(visible(warning));
    if (end) for (const line of endWarnings(end)) complain(line);
  }
}
