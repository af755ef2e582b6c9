import { describe, expect, test } from 'vitest';
import { commandOf } from '../../../src/ui/train/keys.js';
import {
  initialState,
  reduce,
  samplesPerSecond,
  secondsLeft,
  type TrainAction,
  type TrainState,
} from '../../../src/ui/train/state.js';
import { FACTS, figures } from './run.js';

const stateAfter = (...actions: TrainAction[]): TrainState => actions.reduce(reduce, initialState(FACTS));
const step = (number: number, change: object = {}): TrainAction => ({ type: 'step', figures: figures(number, change) });
const caption = (number: number, text: string): TrainAction => ({
  type: 'caption',
  caption: { step: number, text, logprob: -1 },
});

describe('the state of a run', () => {
  test('rate and remaining time are those of the last twenty steps', () => {
    const slow = Array.from({ length: 5 }, (_, i) => step(i + 1, { seconds: 100 }));
    const fast = Array.from({ length: 20 }, (_, i) => step(i + 6, { seconds: 0.5 }));
    const state = stateAfter(...slow, ...fast);
    expect(samplesPerSecond(state)).toBe(FACTS.batch / 0.5);
    expect(secondsLeft(state)).toBe((FACTS.steps - 25) * 0.5);
    expect([samplesPerSecond(stateAfter()), secondsLeft(stateAfter())]).toEqual([0, undefined]);
  });

  test('a loss that is not trained has no curve', () => {
    const { curves } = stateAfter(step(1, { contrastive: null }), step(2, { contrastive: null }));
    expect([curves.contrastive.points, curves.captioning.points]).toEqual([
      [],
      [figures(1).captioning, figures(2).captioning],
    ]);
  });

  test('captions that say the same are one, since the first time', () => {
    const state = stateAfter(caption(0, 'a'), caption(10, 'b'), caption(20, 'b'), caption(30, 'b'));
    expect(state.captions.map(({ step: at, text }) => [at, text])).toEqual([
      [0, 'a'],
      [10, 'b'],
    ]);
    expect(state.caption).toMatchObject({ step: 30, text: 'b' });
  });

  test('a checkpoint that was asked for is one that is written', () => {
    expect(stateAfter({ type: 'save' }).isSaving).toBe(true);
    const state = stateAfter({ type: 'save' }, { type: 'checkpoint', step: 3, folder: 'f' });
    expect([state.isSaving, state.saved]).toEqual([false, { step: 3, folder: 'f' }]);
  });

  test('warnings are counted, and not all held', () => {
    const state = stateAfter(
      ...Array.from({ length: 50 }, (_, i): TrainAction => ({ type: 'warning', message: String(i) })),
    );
    expect([state.warningCount, state.warnings.length, state.warnings.at(-1)]).toEqual([50, 20, '49']);
  });
});

describe('validations', () => {
  const validation = (number: number): TrainAction => ({
    type: 'validation',
    figures: { step: number, contrastive: 1, captioning: null, classification: null },
  });

  test('are held in their order; of very many the newest, and others evenly', () => {
    const few = stateAfter(validation(0), validation(5));
    expect(few.validations.map((one) => one.step)).toEqual([0, 5]);
    const many = stateAfter(...Array.from({ length: 2000 }, (_, i) => validation(i)));
    const steps = many.validations.map((one) => one.step);
    expect(steps.length).toBeLessThanOrEqual(512);
    expect(steps.at(-1)).toBe(1999);
    expect([...steps].sort((a, b) => a - b)).toEqual(steps);
  });
});

describe('keys', () => {
  test.each<[string, object, boolean, string | undefined]>([
    ['q', {}, false, 'stop'],
    ['s', {}, false, 'save'],
    ['y', {}, false, 'next-scale'],
    ['w', {}, false, 'save'],
    ['?', {}, false, 'toggle-help'],
    ['c', { ctrl: true }, false, 'interrupt'],
    ['q', { ctrl: true }, false, undefined],
    ['', { escape: true }, true, 'close-help'],
    ['', { escape: true }, false, undefined],
    ['s', { meta: true }, false, undefined],
    ['toString', {}, false, undefined],
  ])('%j %j', (input, key, isHelp, wanted) => {
    expect(commandOf(input, key, isHelp)?.type).toBe(wanted);
  });
});
