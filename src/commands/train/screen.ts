import type { CommandContext } from '../../cli/command.js';
import type { RunControl, TrainingEvent } from '../../model/training/run/events.js';
import { hanging } from '../../ui/layout.js';
import { choosePictureKind } from '../../ui/picture/choose.js';
import type { PictureKind } from '../../ui/picture/raster.js';
import { visible } from '../../ui/text.js';
import { stepLine, validationLine } from '../../ui/train/figures.js';
import { showTraining } from '../../ui/train/show.js';
import { actionOf, endWarnings, factLines, type RunEnd, startState } from './output.js';

/** Shows a run's events on a screen of their own, and what is left to know of them below it. */
export async function showEvents(
  events: AsyncGenerator<TrainingEvent>,
  control: RunControl,
  images: PictureKind | 'auto',
  context: CommandContext,
): Promise<RunEnd> {
  const { out, notice, complain, status, terminal } = context;
  status.show('opening model and data');
  const { value: first } = await events.next();
  status.clear();
  if (first?.type !== 'start') throw new Error('a run begins with its facts');
  for (const line of factLines(first.facts)) notice(line);
  const kind = await choosePictureKind(images, terminal);
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
        kind,
        terminal,
        streams,
      ),
    );
    const lines = [
      ...(state.last ? [stepLine(state)] : []),
      ...state.validations.slice(-1).map(validationLine),
      ...(state.caption ? [`caption of step ${state.caption.step}: ${state.caption.text}`] : []),
      ...(state.saved ? [`checkpoint of step ${state.saved.step}: ${state.saved.folder}`] : []),
    ];
    for (const line of lines.flatMap((one) => hanging(one, terminal.columns, 2))) await out.line(line);
    return { isInterrupted };
  } finally {
    for (const warning of warnings) complain(visible(warning));
    if (end) for (const line of endWarnings(end)) complain(line);
  }
}
