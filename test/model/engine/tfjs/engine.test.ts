import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodingOptions } from '../../../../src/model/decoding/index.js';
import { openBackend } from '../../../../src/model/engine/tfjs/backends.js';
import { TfjsNetwork } from '../../../../src/model/engine/tfjs/network.js';
import { loadPicture } from '../../../../src/model/image/load-picture.js';
import { type LoadedCoca, loadCoca } from '../../../../src/model/store/load.js';
import { fixture, golden, worstError } from '../../../support/golden.js';
import { TFJS_TEST_DEVICES, tolerance } from '../../../support/tfjs.js';

const SCENES = ['0001', '0003', '0019', '0036'];

const [device] = TFJS_TEST_DEVICES;

describe(`a model on ${device}`, () => {
  let onnx: LoadedCoca;
  let tfjs: LoadedCoca;
  beforeAll(async () => {
    onnx = await loadCoca({ device: 'cpu' });
    tfjs = await loadCoca({ engine: 'tfjs', device: device! });
    await tfjs.prepare('attention');
    await tfjs.prepare('texts');
  });
  afterAll(() => Promise.all([onnx.close(), tfjs.close()]));

  const picture = (name: string) => loadPicture(readFileSync(fixture(`scenes/${name}.png`)), tfjs.preprocess);
  const close = (actual: ArrayLike<number>, expected: ArrayLike<number>) =>
    expect(worstError(actual, expected, tolerance(device!))).toBeLessThan(1);

  test('gives the captions, embeddings, likelihoods and attention of ONNX Runtime', async () => {
    const options = decodingOptions({ beams: 3, num: 2 }, { contextLength: tfjs.config.text.context_length });
    const texts = ['a taxi on a red background', 'two owls'];
    const results = await Promise.all(
      [tfjs, onnx].map(async (coca) => {
        const images = await coca.encodeImages(await Promise.all(SCENES.map(picture)));
        const one = await coca.encodeImages([await picture('0019')], { attention: true });
        const { captions } = await coca.caption(images, options);
        return {
          captions,
          features: images.features.flatMap((row) => [...row]),
          texts: (await coca.encodeTexts(texts)).flatMap((row) => [...row]),
          likelihoods: (await coca.captionLikelihoods(images, texts)).flat().map(({ sum }) => sum),
          attention: await coca.attend(one, captions[2]![0]!.ids, { gradient: true }),
        };
      }),
    );
    const [a, b] = results as [(typeof results)[0], (typeof results)[0]];
    expect(a.captions.map((list) => list.map(({ ids }) => ids))).toEqual(
      b.captions.map((list) => list.map(({ ids }) => ids)),
    );
    close(a.features, b.features);
    close(a.texts, b.texts);
    close(a.likelihoods, b.likelihoods);
    close(a.attention.logprobs, b.attention.logprobs);
    for (const kind of ['vision', 'text', 'decoderSelf', 'cross'] as const) {
      expect(a.attention[kind]).toHaveLength(b.attention[kind].length);
      for (const [layer, { data }] of a.attention[kind].entries()) close(data, b.attention[kind][layer]!.data);
    }
    close(a.attention.pooler!.data, b.attention.pooler!.data);
    for (const [layer, { data }] of a.attention.crossGradient!.entries())
      close(data, b.attention.crossGradient![layer]!.data);
  });

  test('holds no more tensors after a call than before it, failed calls included', async () => {
    const { tf } = await openBackend(device!);
    const before = tf.memory().numTensors;
    const images = await tfjs.encodeImages([await picture('0001')], { attention: true });
    expect(tf.memory().numTensors).toBe(before);
    await tfjs.attend(images, [1022, 354, 1023]);
    expect(tf.memory().numTensors).toBe(before);
    await expect(tfjs.attend(images, [1022, ...Array<number>(40).fill(5)])).rejects.toMatchObject({ code: 'bad-text' });
    expect(tf.memory().numTensors).toBe(before);
    const controller = new AbortController();
    const options = decodingOptions({}, { contextLength: tfjs.config.text.context_length });
    const stop = { signal: controller.signal, onStep: () => controller.abort() };
    await expect(tfjs.caption(images, options, stop)).rejects.toMatchObject({ code: 'interrupted' });
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('two backends serve side by side in one process', async () => {
  const reference = await golden('pooled');
  const { data } = await reference.expected('image_latent');
  const pixels = (await reference.expected('pixel_values')).data;
  const open = (name: 'wasm' | 'cpu') => TfjsNetwork.open(reference.config, reference.checkpoint, name);
  const networks = [await open('wasm'), await open('cpu')];
  const all = await Promise.all([...networks, ...networks].map((network) => network.encodeImages(pixels, 4)));
  for (const { latent } of all) expect(worstError(latent, data)).toBeLessThan(1);
  await Promise.all(networks.map((network) => network.release()));
});

test('wasm says that its memory is full, where it would go on with wrong numbers', async () => {
  const wasm = await openBackend('wasm');
  const listeners = process.listenerCount('unhandledRejection');
  expect(() => wasm.run(() => wasm.tf.fill([2 ** 30], 1))).toThrow(
    expect.objectContaining({ code: 'engine', message: expect.stringContaining('want of memory') }),
  );
  const sum = wasm.run(() => wasm.tf.sum(wasm.tf.fill([8], 1)));
  expect((await sum.data())[0]).toBe(8);
  sum.dispose();
  expect(process.listenerCount('unhandledRejection')).toBe(listeners);
});

test('a closed model leaves nothing on the backend', async () => {
  const { tf } = await openBackend(device!);
  const before = tf.memory().numTensors;
  const coca = await loadCoca({ engine: 'tfjs', device: device! });
  await coca.prepare('attention');
  expect(tf.memory().numTensors).toBeGreaterThan(before);
  await coca.close();
  expect(tf.memory().numTensors).toBe(before);
});

test.each([
  ['onnx', 'wasm', 'the device wasm belongs to TensorFlow.js (--engine tfjs), and this is ONNX Runtime'],
  ['tfjs', 'cuda', 'the device cuda belongs to ONNX Runtime (--engine onnx), and this is TensorFlow.js'],
] as const)('--engine %s does not take --device %s', async (engine, other, message) => {
  await expect(loadCoca({ engine, device: other })).rejects.toMatchObject({ code: 'usage', message });
});
