import { readFileSync } from 'node:fs';
import type { Variable } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { openBackend } from '../../../src/model/engine/tfjs/backends.js';
import { isHiddenMatrix, Muon } from '../../../src/model/training/muon.js';
import { newVariable } from '../../../src/model/training/variables.js';
import { fixture, golden } from '../../support/golden.js';
import { TFJS_TEST_DEVICES } from '../../support/tfjs.js';

/** What torch.optim.Muon does: scripts/reference/muon.py. */
const reference = JSON.parse(readFileSync(fixture('training/muon.json'), 'utf8')) as {
  readonly options: { readonly learning_rate: number; readonly momentum: number; readonly weight_decay: number };
  readonly shapes: Readonly<Record<string, readonly [number, number]>>;
  readonly start: Readonly<Record<string, readonly number[]>>;
  readonly gradients: readonly Readonly<Record<string, readonly number[]>>[];
  readonly result: Readonly<Record<string, readonly number[]>>;
};

describe.each(TFJS_TEST_DEVICES)('on %s', (device) => {
  test.each([
    ['without a break', false],
    ['taken up again by another optimiser', true],
  ])('three steps are those of PyTorch, %s', async (_, broken) => {
    const backend = await openBackend(device);
    const { options, shapes, start, gradients, result } = reference;
    const variables = new Map<string, Variable>(
      Object.entries(shapes).map(([name, shape]) => [
        name,
        newVariable(backend, { shape, data: Float32Array.from(start[name]!) }),
      ]),
    );
    const make = () => new Muon(backend, variables, { momentum: options.momentum, weightDecay: options.weight_decay });
    let muon = make();
    for (const [step, gradient] of gradients.entries()) {
      if (broken && step === 2) {
        const moments = new Map(
          await Promise.all([...variables.keys()].map(async (name) => [name, await muon.moments(name)] as const)),
        );
        muon.release();
        muon = make();
        muon.restore(moments);
      }
      backend.run(() => {
        const tensors = Object.entries(gradient).map(
          ([name, values]) =>
            // Half as large, and scaled back: as clipping scales.
            [
              name,
              backend.tf.tensor(
                values.map((value) => value / 2),
                [...shapes[name]!],
              ),
            ] as const,
        );
        muon.update(new Map(tensors), { step, learningRate: options.learning_rate, scale: 2 });
      });
    }
    muon.release();
    for (const [name, variable] of variables) {
      const values = await variable.data();
      for (const [i, value] of result[name]!.entries()) expect(values[i], name).toBeCloseTo(value, 4);
      variable.dispose();
    }
  });
});

test('it trains the weights of attention and of MLPs, and nothing else', async () => {
  const { checkpoint } = await golden('cascade');
  const hidden = [...checkpoint.tensors].filter(([name, { shape }]) => isHiddenMatrix(name, shape));
  const kinds = new Set(hidden.map(([name]) => name.replace(/^.*\.(?=[^.]+\.[^.]+$)/, '')));
  expect([...kinds].sort()).toEqual(['attn.in_proj_weight', 'c_fc.weight', 'c_proj.weight', 'out_proj.weight'].sort());
});
