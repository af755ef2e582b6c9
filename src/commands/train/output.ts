import type { CommandContext } from '../../cli/command.js';
import { entryOf, type RunFacts, type TrainingEvent } from '../../model/training/run/events.js';
import { safeJson, visible } from '../../ui/text.js';
import { stepLine, validationLine } from '../../ui/train/figures.js';
import {
  initialState,
  reduce,
  type StepFigures,
  type TrainAction,
  type TrainFacts,
  type TrainState,
} from '../../ui/train/state.js';

/** How a run ended. */
export interface RunEnd {
  /** A person pressed Ctrl-C where it is a key. */
  readonly isInterrupted: boolean;
}

/** Writes a run's events as lines: for a person who reads them, or one JSON object each. */
export async function writeEvents(
  events: AsyncIterable<TrainingEvent>,
  { jsonl, logEvery }: { readonly jsonl: boolean; readonly logEvery: number },
  context: CommandContext,
): Promise<RunEnd> {
  let state: TrainState | undefined;
  for await (const event of events) {
    if (event.type === 'start') state = startState(event.facts);
    const action = actionOf(event);
    if (action) state = reduce(state!, action);
    if (event.type === 'warning') context.complain(event.message);
    if (jsonl) await context.out.line(safeJson(entryOf(event)));
    else await writeLine(event, state!, logEvery, context);
  }
  return { isInterrupted: false };
}

async function writeLine(
  event: TrainingEvent,
  state: TrainState,
  logEvery: number,
  { out, notice, complain }: CommandContext,
): Promise<void> {
  switch (event.type) {
    case 'start':
      for (const line of factLines(event.facts)) notice(line);
      return;
    case 'step':
      if (event.step % logEvery === 0 || event.step === state.facts.steps) await out.line(stepLine(state));
      return;
    case 'validation':
      return out.line(validationLine(state.validations.at(-1)!));
    case 'caption':
      return out.line(`caption of step ${event.step}: ${visible(event.text)}`);
    case 'checkpoint':
      return out.line(`checkpoint of step ${event.step}: ${visible(event.folder)}`);
    case 'done':
      for (const line of endWarnings(event)) complain(line);
      return;
  }
}

/** What was left out of a whole run, or cut. */
export function endWarnings({ skipped, cut }: TrainingEvent & { readonly type: 'done' }): string[] {
  return [
    ...(skipped > 0 ? [`left out, ${skipped} times in all: samples that cannot be read`] : []),
    ...(cut > 0 ? [`cut, ${cut} times in all: captions that are longer than the context`] : []),
  ];
}

/** What a run is, in words. */
export function factLines(facts: RunFacts): string[] {
  const { model, device, data, samples, batch, step, steps, parameters, trained, picture } = facts;
  const millions = (count: number) => `${(count / 1e6).toFixed(2)} M`;
  return [
    `training ${model} on ${device}: ${millions(trained)} of ${millions(parameters)} parameters, ` +
      `${data}${samples === undefined ? '' : ` (${samples} samples)`}, steps ${step + 1} to ${steps}, ${batch} pairs each`,
    ...(picture ? [`shown: ${picture.name}${picture.caption === undefined ? '' : `, "${picture.caption}"`}`] : []),
  ];
}

/** The state of a run that begins, or goes on, with what its log tells. */
export function startState({ history, ...facts }: RunFacts): TrainState {
  const shown: TrainFacts = {
    ...facts,
    folder: visible(facts.folder),
    model: visible(facts.model),
    data: visible(facts.data),
    picture: facts.picture && {
      ...facts.picture,
      name: visible(facts.picture.name),
      ...(facts.picture.caption !== undefined && { caption: visible(facts.picture.caption) }),
    },
  };
  return history
    .map(actionOfEntry)
    .reduce((state, action) => (action ? reduce(state, action) : state), initialState(shown));
}

/** What an event changes of what is shown. */
export function actionOf(event: TrainingEvent): TrainAction | undefined {
  return actionOfEntry(entryOf(event));
}

/** The same of an entry of a log, which may have been edited. */
function actionOfEntry(entry: ReturnType<typeof entryOf>): TrainAction | undefined {
  const { type, step } = entry;
  const number = (name: string): number => (typeof entry[name] === 'number' ? entry[name] : Number.NaN);
  const loss = (name: string): number | null => (typeof entry[name] === 'number' ? entry[name] : null);
  const text = (name: string): string => visible(String(entry[name]));
  switch (type) {
    case 'step': {
      const figures: StepFigures = {
        step,
        contrastive: loss('contrastive'),
        captioning: loss('captioning'),
        classification: loss('classification'),
        temperature: number('temperature'),
        learningRate: number('learning_rate'),
        gradNorm: number('grad_norm'),
        epoch: number('epoch'),
        seconds: number('seconds'),
      };
      return { type, figures };
    }
    case 'validation': {
      const losses = { contrastive: loss('contrastive'), captioning: loss('captioning') };
      return { type, figures: { step, ...losses, classification: loss('classification') } };
    }
    case 'caption':
      return { type, caption: { step, text: text('text'), logprob: number('logprob') } };
    case 'checkpoint':
      return { type, step, folder: text('folder') };
    case 'warning':
      return { type, message: text('message') };
    default:
      return undefined;
  }
}
