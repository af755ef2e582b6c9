import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { imageMemory, textDecoder } from '../../../../src/model/architecture/text.js';
import { imageTokenCount } from '../../../../src/model/config.js';
import { logSumExp } from '../../../../src/model/decoding/logits.js';
import { nextRandom, seedRandom } from '../../../../src/model/decoding/random.js';
import { ROOT } from '../../../../src/model/decoding/types.js';
import { openBackend } from '../../../../src/model/engine/tfjs/backends.js';
import { TfjsNetwork } from '../../../../src/model/engine/tfjs/network.js';
import { TfjsOps } from '../../../../src/model/engine/tfjs/ops.js';
import { CheckpointParameters } from '../../../../src/model/engine/tfjs/parameters.js';
import { TokenForest } from '../../../../src/model/engine/token-forest.js';
import { GOLDEN_MODELS, golden } from '../../../support/golden.js';
import { TFJS_TEST_DEVICES } from '../../../support/tfjs.js';

const [device] = TFJS_TEST_DEVICES;

/** More rows than are differentiated in one pass. */
const IDS = [62, 7, 21, 7, 50, 33, 12, 40, 5, 18, 63];

describe.each(GOLDEN_MODELS)(`%s model on ${device}`, (name) => {
  test('cross gradients are those of finite differences, row by row', async () => {
    const { config, checkpoint, expected } = await golden(name);
    const pixels = (await expected('pixel_values')).data;
    const network = await TfjsNetwork.open(config, checkpoint, device!);
    const { tokens } = await network.encodeImages(pixels.slice(0, pixels.length / 4), 1);
    const backend = await openBackend(device!);
    const { tf } = backend;
    const before = tf.memory().numTensors;
    const gradients = await network.crossGradients(tokens, IDS);
    const loaded = tf.memory().numTensors;
    expect(await network.crossGradients(tokens, IDS)).toEqual(gradients);
    expect(tf.memory().numTensors).toBe(loaded);
    expect(loaded).toBeGreaterThan(before); // the weights of the decoder

    const { layers, heads, width } = config.multimodal;
    const count = IDS.length - 1;
    const keys = imageTokenCount(config);
    expect(gradients.map(({ layer, shape }) => [layer, shape])).toEqual(
      Array.from({ length: layers }, (_, layer) => [layer, [1, heads, count, keys]]),
    );

    // The network once more, with its probabilities of one layer and row moved along a direction.
    const parameters = new CheckpointParameters(backend, checkpoint);
    await parameters.load(['text.', 'text_decoder.']);
    const imageTokens = tokens.data;
    const chain = IDS.slice(0, -1).map((token, node) => ({ node, parent: node === 0 ? ROOT : node - 1, token }));
    const logprobOf = async (row: number, moved: number, by: Float32Array): Promise<number> => {
      const logits = backend.run((): Tensor => {
        const ops = new TfjsOps(tf, parameters, {
          perturbation: ({ name: site, layer }) =>
            site === 'cross' && layer === moved ? tf.tensor(by, [1, heads, count, keys]) : undefined,
        });
        const rows = new TokenForest(config, 1).add([chain], 0);
        return textDecoder(ops, config, {
          ids: ops.indices(rows.ids, [1, count]),
          positions: ops.indices(rows.positions, [1, count]),
          unimodalMask: ops.floats(rows.unimodalMask, [1, 1, count, count]),
          multimodalMask: ops.floats(rows.multimodalMask, [1, 1, count, count]),
          cache: [],
          image: imageMemory(ops, config, ops.floats(imageTokens, [1, keys, width])),
        }).logits;
      });
      const scores = (await logits.data()) as Float32Array;
      logits.dispose();
      const from = row * config.text.vocab_size;
      return scores[from + IDS[row + 1]!]! - logSumExp(scores, from, from + config.text.vocab_size);
    };
    let random = seedRandom(5, 0);
    for (const { layer, data } of gradients) {
      for (const row of [0, 4, count - 1]) {
        const direction = new Float32Array(heads * count * keys);
        let slope = 0;
        for (let head = 0; head < heads; head++) {
          for (let key = 0; key < keys; key++) {
            const next = nextRandom(random);
            random = next.state;
            const at = (head * count + row) * keys + key;
            direction[at] = 2 * next.value - 1;
            slope += direction[at]! * data[at]!;
          }
        }
        const step = 1e-2;
        const moved = (by: number) =>
          logprobOf(
            row,
            layer,
            direction.map((value) => value * by),
          );
        const measured = ((await moved(step)) - (await moved(-step))) / (2 * step);
        expect(Math.abs(slope - measured), `layer ${layer}, row ${row}`).toBeLessThan(
          5e-3 * Math.max(1, Math.abs(slope)),
        );
      }
    }
    parameters.dispose();
    await network.release();
  });
});
