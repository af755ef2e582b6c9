import { durationText } from '../status.js';
import { LOSSES, samplesPerSecond, secondsLeft, type TrainState, type ValidationFigures } from './state.js';

/** Four digits, as losses are compared by; of very small ones three, and at most eight columns. */
export const lossText = (value: number): string =>
  value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(2) : value.toPrecision(4);

/** "5.00e-4": learning rates go over many magnitudes. */
export const rateText = (value: number): string => value.toExponential(2);

/** Names and values of a run's last step, in the order of a line. */
export function figuresOf(state: TrainState): readonly (readonly [name: string, value: string])[] {
  const { last } = state;
  if (last === undefined) return [];
  return [
    ...lossesOf(last),
    // Only a run with a contrastive loss has it.
    ...(last.contrastive === null ? [] : [['temperature', last.temperature.toPrecision(3)] as const]),
    ['lr', rateText(last.learningRate)],
    ['grad norm', last.gradNorm.toPrecision(3)],
    ['samples/s', samplesPerSecond(state).toPrecision(3)],
  ];
}

function lossesOf(figures: ValidationFigures): (readonly [name: string, value: string])[] {
  return LOSSES.flatMap((name) => {
    const value = figures[name];
    return value === null ? [] : [[name, lossText(value)] as const];
  });
}

/** Losses on data that is not trained on, in one line of plain text. */
export function validationLine(figures: ValidationFigures): string {
  const losses = lossesOf(figures).map(([name, value]) => `${name} ${value}`);
  return `validation of step ${figures.step}: ${losses.join('  ')}`;
}

/** The last step in one line of plain text. */
export function stepLine(state: TrainState): string {
  const left = secondsLeft(state);
  return [
    `step ${state.last?.step ?? 0}/${state.facts.steps}`,
    ...figuresOf(state).map(([name, value]) => `${name} ${value}`),
    ...(left === undefined ? [] : [`${durationText(left)} left`]),
  ].join('  ');
}
