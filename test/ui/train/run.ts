import {
  initialState,
  reduce,
  type StepFigures,
  type TrainFacts,
  type TrainState,
} from '../../../src/ui/train/state.js';

export const FACTS: TrainFacts = {
  folder: '/runs/a',
  model: 'scenes',
  device: 'wasm',
  data: 'captions.jsonl',
  batch: 32,
  samples: undefined,
  step: 0,
  steps: 400,
  parameters: 3e6,
  trained: 3e6,
  picture: {
    name: '/pictures/0001.png',
    caption: 'a small book on a pink background',
    picture: {
      ...{ source: { width: 8, height: 8 }, crop: { x: 0, y: 0, width: 8, height: 8 } },
      ...{ size: 8, rgb: Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => (i * 37) % 256) },
    },
  },
};

/** Losses that fall as losses do. */
export const figures = (step: number, change: Partial<StepFigures> = {}): StepFigures => ({
  step,
  contrastive: 3 / step,
  captioning: 6 * 0.98 ** step,
  classification: null,
  temperature: 0.07,
  learningRate: 5e-4,
  gradNorm: 1 + 1 / step,
  epoch: 0,
  seconds: 0.5,
  ...change,
});

const SAID = ['h h h', 'a a background', 'a small book', 'a small book on a pink background'];

/** A run after 200 steps, of which every 50th was captioned. */
export function runningState(): TrainState {
  let state = initialState(FACTS);
  for (let step = 1; step <= 200; step++) {
    state = reduce(state, { type: 'step', figures: figures(step) });
    if (step % 50 !== 0) continue;
    state = reduce(state, { type: 'caption', caption: { step, text: SAID[step / 50 - 1]!, logprob: -1 } });
  }
  return reduce(state, { type: 'checkpoint', step: 200, folder: '/runs/a/step-00000200' });
}
