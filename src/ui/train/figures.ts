import { durationText } from '../status.js';
import { samplesPerSecond, secondsLeft, type TrainState } from './state.js';

/** Four digits, as losses are compared by; of very small ones three, and at most eight columns. */
export const lossText = (value: number): string =>
  value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(2) : value.toPrecision(4);

/** "5.00e-4": learning rates go over many magnitudes. */
export const rateText = (value: number): string => value.toExponential(2);

/** Names and values of a run's last step, in the order of a line. */
export function figuresOf(state: TrainState): readonly (readonly [name: string, value: string])[] {
  const { last } = state;
  if (last === undefined) return [];
  const loss = (name: string, value: number | null) => (value === null ? [] : [[name, lossText(value)] as const]);
  return [
    ...loss('contrastive', last.contrastive),
    ...loss('captioning', last.captioning),
    ['temperature', last.temperature.toPrecision(3)],
    ['lr', rateText(last.learningRate)],
    ['grad norm', last.gradNorm.toPrecision(3)],
    ['samples/s', samplesPerSecond(state).toPrecision(3)],
  ];
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
