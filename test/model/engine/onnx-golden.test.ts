import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../../src/model/decoding/types.js';
import { OnnxNetwork } from '../../../src/model/engine/onnx/network.js';
import { GOLDEN_MODELS, type Golden, golden, worstError } from '../../support/golden.js';

describe.each(GOLDEN_MODELS)('%s model on ONNX Runtime', (name) => {
  let reference: Golden;
  let network: OnnxNetwork;

  beforeAll(async () => {
    reference = await golden(name);
    network = await OnnxNetwork.open(reference.config, reference.checkpoint, 'cpu');
  });
  afterAll(() => network.release());

  const images = async () => {
    const { data, shape } = await reference.expected('pixel_values');
    return network.encodeImages(data, shape[0]!);
  };

  test.each(['latent', 'features'] as const)('image %s', async (which) => {
    const { data } = await reference.expected(`image_${which}`);
    expect(worstError((await images())[which], data)).toBeLessThan(1);
  });

  test.each(['latent', 'features'] as const)('text %s', async (which) => {
    const { data } = await reference.expected(`text_${which}`);
    expect(worstError((await network.encodeTexts(await reference.texts()))[which], data)).toBeLessThan(1);
  });

  test('a short text alone has the embedding that it has beside longer ones', async () => {
    const texts = await reference.texts();
    const { data } = await reference.expected('text_features');
    const width = reference.config.embed_dim;
    for (const [i, text] of texts.entries()) {
      const { features } = await network.encodeTexts([text]);
      expect(worstError(features, data.subarray(i * width, (i + 1) * width))).toBeLessThan(1);
    }
  });

  test('logits, teacher forced in one call', async () => {
    const { data } = await reference.expected('logits');
    const trees = await network.openTrees((await images()).tokens);
    const texts = await reference.texts();
    const logits = await trees.extend(
      texts.map((text) => Array.from(text, (token, i) => ({ node: i, parent: i === 0 ? ROOT : i - 1, token }))),
    );
    expect(worstError(Float32Array.from(logits.flatMap((rows) => [...rows])), data)).toBeLessThan(1);
  });

  test('logits, one token at a time through the cache', async () => {
    const { data, shape } = await reference.expected('logits');
    const trees = await network.openTrees((await images()).tokens);
    const texts = await reference.texts();
    const [batch, length, vocab] = shape as [number, number, number];
    const actual = new Float32Array(data.length);
    for (let i = 0; i < length; i++) {
      const logits = await trees.extend(texts.map((text) => [{ node: i, parent: i === 0 ? ROOT : i - 1, token: text[i]! }]));
      for (let b = 0; b < batch; b++) actual.set(logits[b]!, (b * length + i) * vocab);
    }
    expect(worstError(actual, data)).toBeLessThan(1);
  });
});
