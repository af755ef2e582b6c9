import { afterAll, expect, test } from 'vitest';
import { Random } from '../../../src/model/base/random.js';
import { openBackend } from '../../../src/model/engine/tfjs/backends.js';
import { QUERIES } from '../../../src/model/probing/kinds.js';
import { Pooler, type PoolerShape } from '../../../src/model/probing/pooler.js';
import { countRight } from '../../../src/model/probing/probe.js';

const random = new Random(3, 0);
const [tokens, width, classes] = [6, 16, 3];

/** Pictures of which one token, anywhere among the others, tells the class: their mean says little of it. */
const examples = Array.from({ length: 96 }, (_, n) => {
  const picture = Float32Array.from({ length: tokens * width }, () => random.between(-1, 1));
  const place = random.below(tokens);
  for (let j = 0; j < width; j++) picture[place * width + j] = j % classes === n % classes ? 3 : 0;
  return picture;
});
const labels = examples.map((_, n) => n % classes);

const poolers: Pooler[] = [];
afterAll(() => {
  for (const pooler of poolers) pooler.release();
});

test.each(QUERIES)(
  'a pooler with queries for %s finds the token that tells; its tensors are all there is of it',
  async (queries) => {
    const shape: PoolerShape = { tokens, width, classes, queries };
    const training = { steps: 80, batch: 32, learningRate: 5e-3, weightDecay: 0.01, seed: 1 };
    const { tf } = await openBackend('wasm');
    const before = tf.memory().numTensors;
    const pooler = await Pooler.train('wasm', shape, examples, labels, training);
    poolers.push(pooler);
    expect(tf.memory().numTensors - before).toBe((await pooler.tensors()).size);
    const logits = await pooler.logits(examples);
    expect(countRight(logits, labels)).toBeGreaterThan(90);
    const again = await Pooler.of('wasm', shape, await pooler.tensors());
    poolers.push(again);
    expect(await again.logits(examples.slice(0, 3))).toEqual(await pooler.logits(examples.slice(0, 3)));
    // Another backend computes the same.
    const plain = await Pooler.of('cpu', shape, await pooler.tensors());
    poolers.push(plain);
    for (const [i, of] of (await plain.logits(examples.slice(0, 3))).entries()) {
      for (const [k, one] of of.entries()) expect(one).toBeCloseTo(logits[i]![k]!, 3);
    }
  },
);

test('features that are not finite end the training by name', async () => {
  const shape: PoolerShape = { tokens, width, classes, queries: 'one' };
  const bad = examples.map((one) => one.map(() => Number.NaN));
  const training = { steps: 2, batch: 8, learningRate: 1e-3, weightDecay: 0, seed: 1 };
  await expect(Pooler.train('wasm', shape, bad, labels, training)).rejects.toMatchObject({ code: 'diverged' });
});
