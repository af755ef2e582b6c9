import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AttentionName } from '../../../src/model/architecture/ops.js';
import { readTensor } from '../../../src/model/checkpoint/index.js';
import { captionTrie } from '../../../src/model/decoding/index.js';
import { logSumExp } from '../../../src/model/decoding/logits.js';
import { ROOT } from '../../../src/model/decoding/types.js';
import type { Attention } from '../../../src/model/engine/network.js';
import { OnnxNetwork } from '../../../src/model/engine/onnx/network.js';
import { GOLDEN_MODELS, type Golden, golden, TEST_DEVICE, worstError } from '../../support/golden.js';

describe.each(GOLDEN_MODELS)('%s model on ONNX Runtime', (name) => {
  let reference: Golden;
  let network: OnnxNetwork;

  beforeAll(async () => {
    reference = await golden(name);
    network = await OnnxNetwork.open(reference.config, reference.checkpoint, TEST_DEVICE);
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

  /** Checks all layers of one attention: the reference holds them as [B, layer, head, query, key]. */
  const checkAttention = async (seen: readonly Attention[], name: AttentionName) => {
    const pooler = name.startsWith('pooler');
    const { data, shape } = await reference.expected(`attn.${name}`);
    const layers = pooler ? 1 : shape[1]!;
    const found = seen.filter((attention) => attention.name === name);
    expect(found.map(({ layer }) => layer)).toEqual([...Array(layers).keys()]);
    const inner = shape.slice(pooler ? 1 : 2).reduce((product, side) => product * side, 1);
    for (const { layer, data: probabilities, shape: dims } of found) {
      expect(dims).toEqual([shape[0], ...shape.slice(-3)]);
      for (let b = 0; b < shape[0]!; b++) {
        const at = (b * layers + layer) * inner;
        const actual = probabilities.subarray(b * inner, (b + 1) * inner);
        expect(worstError(actual, data.subarray(at, at + inner)), `${name} ${layer}`).toBeLessThan(1);
      }
    }
  };

  test('attention of the vision tower and the poolers', async () => {
    const { data, shape } = await reference.expected('pixel_values');
    const seen: Attention[] = [];
    await network.encodeImages(data, shape[0]!, (attention) => seen.push(attention));
    await checkAttention(seen, 'vision');
    const pooling = reference.config.vision.attentional_pool;
    if (pooling) await checkAttention(seen, 'pooler.0');
    if (pooling === 'cascade') await checkAttention(seen, 'pooler.1');
  });

  test('attention of both halves of the decoder', async () => {
    const seen: Attention[] = [];
    const trees = await network.openTrees((await images()).tokens, (attention) => seen.push(attention));
    const texts = await reference.texts();
    await trees.extend(
      texts.map((text) => Array.from(text, (token, i) => ({ node: i, parent: i === 0 ? ROOT : i - 1, token }))),
    );
    await checkAttention(seen, 'decoder_self');
    await checkAttention(seen, 'cross');
  });

  test('attention of the text tower, CLS included', async () => {
    const seen: Attention[] = [];
    const texts = await reference.texts();
    const { data, shape } = await reference.expected('attn.text'); // [B, layer, head, T + 1, T + 1]
    await network.encodeTexts(texts, (attention) => seen.push(attention));
    expect(seen).toHaveLength(shape[1]!);
    const [batch, layers, heads, side] = shape as [number, number, number, number];
    for (const { layer, data: probabilities, shape: dims } of seen) {
      const length = dims[3] - 1; // what follows the first padding id is not computed
      for (let b = 0; b < batch; b++) {
        for (let row = 0; row < heads; row++) {
          const expected = data.subarray((((b * layers + layer) * heads + row) * side + side - 1) * side);
          const actual = probabilities.subarray(((b * heads + row) * dims[2] + dims[2] - 1) * dims[3]);
          expect(worstError(actual.subarray(0, length), expected.subarray(0, length))).toBeLessThan(1);
          expect(Math.abs(actual[length]! - expected[side - 1]!)).toBeLessThan(1e-4);
        }
      }
    }
  });

  test('similarity logits and caption log-likelihoods', async () => {
    const { data: pixels, shape } = await reference.expected('pixel_values');
    const texts = await reference.texts();
    const { eot, sot } = reference.config.special_ids!;
    const encoded = await network.encodeImages(pixels, shape[0]!);
    const { features } = await network.encodeTexts(texts);
    const width = reference.config.embed_dim;
    const scale = Math.exp((await readTensor(reference.checkpoint, 'logit_scale'))[0]!);
    const similarity = Float32Array.from({ length: 16 }, (_, at) => {
      const [i, j] = [Math.floor(at / 4), at % 4];
      let dot = 0;
      for (let k = 0; k < width; k++) dot += encoded.features[i * width + k]! * features[j * width + k]!;
      return scale * dot;
    });
    expect(worstError(similarity, (await reference.expected('similarity_logits')).data)).toBeLessThan(1);

    // All four captions as one tree, which shares what they begin with.
    const captions = texts.map((text) => [...text.subarray(0, text.indexOf(eot) + 1)]);
    expect(captions.every((ids) => ids[0] === sot)).toBe(true);
    const { rows, targets } = captionTrie(captions);
    const trees = await network.openTrees(encoded.tokens);
    const logits = await trees.extend(captions.map(() => rows));
    const sums = new Float32Array(16);
    for (let i = 0; i < 4; i++) {
      for (const { row, token, caption } of targets) {
        const from = row * trees.vocabSize;
        sums[i * 4 + caption]! += logits[i]![from + token]! - logSumExp(logits[i]!, from, from + trees.vocabSize);
      }
    }
    expect(worstError(sums, (await reference.expected('caption_log_likelihood')).data)).toBeLessThan(1);
    const counts = captions.map((ids) => ids.length - 1);
    expect(counts).toEqual([...(await reference.expected('caption_token_count')).data]);
  });

  test('logits, one token at a time through the cache', async () => {
    const { data, shape } = await reference.expected('logits');
    const trees = await network.openTrees((await images()).tokens);
    const texts = await reference.texts();
    const [batch, length, vocab] = shape as [number, number, number];
    const actual = new Float32Array(data.length);
    for (let i = 0; i < length; i++) {
      const logits = await trees.extend(
        texts.map((text) => [{ node: i, parent: i === 0 ? ROOT : i - 1, token: text[i]! }]),
      );
      for (let b = 0; b < batch; b++) actual.set(logits[b]!, (b * length + i) * vocab);
    }
    expect(worstError(actual, data)).toBeLessThan(1);
  });
});
