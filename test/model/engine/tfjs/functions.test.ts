import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { nextRandom, seedRandom } from '../../../../src/model/base/random.js';
import { openBackend } from '../../../../src/model/engine/tfjs/backends.js';
import { gelu, quickGelu, tanhGelu } from '../../../../src/model/engine/tfjs/functions/activations.js';
import {
  add,
  along,
  l2Normalize,
  meanRows,
  multiply,
  weightedSum,
} from '../../../../src/model/engine/tfjs/functions/arithmetic.js';
import { attend, splitProjections } from '../../../../src/model/engine/tfjs/functions/attention.js';
import { crossEntropy } from '../../../../src/model/engine/tfjs/functions/cross-entropy.js';
import { embedding, pickRows, repeat } from '../../../../src/model/engine/tfjs/functions/embedding.js';
import { layerNorm } from '../../../../src/model/engine/tfjs/functions/layer-norm.js';
import { linear } from '../../../../src/model/engine/tfjs/functions/product.js';
import { concat, reshape, sliceAxis, transpose } from '../../../../src/model/engine/tfjs/functions/shape.js';
import { contrastiveLoss } from '../../../../src/model/training/losses.js';
import { TFJS_TEST_DEVICES } from '../../../support/tfjs.js';

const [device] = TFJS_TEST_DEVICES;
const backend = await openBackend(device!);
const { tf } = backend;

/** Numbers between -1 and 1 that are the same on every run. */
function numbers(seed: number, shape: readonly number[]): Float32Array {
  let state = seedRandom(seed, 0);
  return Float32Array.from({ length: shape.reduce((product, side) => product * side, 1) }, () => {
    const next = nextRandom(state);
    state = next.state;
    return 2 * next.value - 1;
  });
}

const mask = () => tf.tensor([0, -1e30, 0, 0, 0, 0], [1, 1, 2, 3]);

/** A function of tensors of these shapes. */
type Case = readonly [name: string, shapes: readonly number[][], run: (...xs: Tensor[]) => Tensor];

const CASES: readonly Case[] = [
  ['linear', [[2, 3, 4], [5, 4], [5]], (x, w, b) => linear(tf, x!, w!, { bias: b! })],
  [
    'linear, weight the other way',
    [
      [3, 4],
      [4, 5],
    ],
    (x, w) => linear(tf, x!, w!, { isTransposed: true }),
  ],
  ['layerNorm', [[2, 3, 6], [6], [6]], (x, w, b) => layerNorm(tf, x!, w!, b!, 1e-5)],
  ['gelu', [[3, 5]], (x) => gelu(tf, x!)],
  ['tanhGelu', [[3, 5]], (x) => tanhGelu(tf, x!)],
  ['quickGelu', [[3, 5]], (x) => quickGelu(tf, x!)],
  [
    'add, broadcasting',
    [
      [2, 3, 4],
      [3, 4],
    ],
    (a, b) => add(tf, a!, b!),
  ],
  ['multiply, broadcasting', [[2, 3, 4], [4]], (a, b) => multiply(tf, a!, b!)],
  [
    'weightedSum',
    [[], []],
    (a, b) =>
      weightedSum(tf, [
        [a!, 2],
        [b!, -3],
      ]),
  ],
  ['along', [[2, 3]], (x) => along(tf, x!, tf.tensor(numbers(9, [2, 3]), [2, 3]))],
  ['meanRows', [[2, 3, 4]], (x) => meanRows(tf, x!)],
  ['l2Normalize', [[3, 4]], (x) => l2Normalize(tf, x!)],
  [
    'attend',
    [
      [1, 2, 2, 4],
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ],
    (query, keys, values) => attend(tf, { query: query!, keys: keys!, values: values!, mask: mask() }),
  ],
  [
    'splitProjections',
    [[2, 3, 12]],
    (x) => {
      const [query, keys, values] = splitProjections(tf, x!, 3, 2);
      return attend(tf, { query: query!, keys: keys!, values: values! });
    },
  ],
  [
    'embedding',
    [[6, 3]],
    (table) => embedding(tf, tf.tensor([4, 0, 4, 1], [2, 2], 'int32'), Int32Array.of(4, 0, 4, 1), table!),
  ],
  [
    'embedding of one id',
    [[6, 3]],
    (table) => embedding(tf, tf.tensor([2, 2], [2, 1], 'int32'), Int32Array.of(2, 2), table!),
  ],
  ['pickRows', [[5, 3]], (x) => pickRows(tf, x!, Int32Array.of(3, 0, 4))],
  ['repeat', [[2, 3]], (x) => repeat(tf, x!, 4)],
  ['reshape and transpose', [[2, 3, 4]], (x) => transpose(tf, reshape(tf, x!, [6, 2, 2]), [2, 0, 1])],
  [
    'concat',
    [
      [2, 1, 3],
      [2, 2, 3],
    ],
    (a, b) => concat(tf, a!, b!, 1),
  ],
  ['sliceAxis', [[2, 4, 3]], (x) => sliceAxis(tf, x!, 1, 1, 3)],
  ['crossEntropy', [[3, 5]], (x) => crossEntropy(tf, x!, Int32Array.of(4, 0, 0))],
  ['crossEntropy, smoothed', [[3, 5]], (x) => crossEntropy(tf, x!, Int32Array.of(4, 0, 0), 0.1)],
  ['contrastiveLoss', [[3, 4], [3, 4], []], (images, texts, scale) => contrastiveLoss(tf, images!, texts!, scale!)],
];

describe(`gradients on ${device}`, () => {
  test.each(CASES)('%s: as finite differences have them', async (_, shapes, run) => {
    const inputs = shapes.map((shape, i) => tf.tensor(numbers(i + 1, shape), [...shape]));
    /** What is differentiated: the output times constants, added up. */
    const value = (xs: readonly Tensor[]): Tensor => {
      const out = run(...xs);
      return along(tf, out, tf.tensor(numbers(99, out.shape), out.shape));
    };
    const { value: at, grads } = backend.run(() => tf.valueAndGrads((...xs: Tensor[]) => value(xs))(inputs));
    expect(Number.isFinite((await at.data())[0])).toBe(true);
    for (const [i, x] of inputs.entries()) {
      expect(grads[i]!.shape).toEqual(x.shape);
      // Along a few directions: the gradient's part in each.
      for (const seed of [11, 12, 13]) {
        const direction = tf.tensor(numbers(seed, x.shape), x.shape);
        const moved = (by: number) =>
          backend.run(() => value(inputs.map((input, j) => (j === i ? tf.add(input, tf.mul(direction, by)) : input))));
        const step = 2e-2;
        const [up, down] = [(await moved(step).data())[0]!, (await moved(-step).data())[0]!];
        const slope = (await backend.run(() => tf.sum(tf.mul(grads[i]!, direction))).data())[0]!;
        expect(Math.abs(slope - (up - down) / (2 * step))).toBeLessThan(2e-3 * Math.max(1, Math.abs(slope)));
      }
    }
  });
});

test('label smoothing is what PyTorch means by it', async () => {
  // torch.nn.functional.cross_entropy(torch.tensor([[1., 2., 3.]]), torch.tensor([1]), label_smoothing=0.2)
  const loss = backend.run(() => crossEntropy(tf, tf.tensor([1, 2, 3], [1, 3]), Int32Array.of(1), 0.2));
  expect((await loss.data())[0]).toBeCloseTo(1.4076059, 5);
});

test('extreme logits give finite losses', async () => {
  const loss = backend.run(() => crossEntropy(tf, tf.tensor([1e4, -1e4, 0, 0, 0, 1e4], [2, 3]), Int32Array.of(1, 2)));
  expect((await loss.data())[0]).toBeCloseTo(2e4, 0);
});
