import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type DecodingOptions,
  decode,
  decodingOptions,
  results,
  startSearch,
} from '../../../src/model/decoding/index.js';
import { OnnxNetwork } from '../../../src/model/engine/onnx/network.js';
import { type Generation, GOLDEN_MODELS, type Golden, golden, TEST_DEVICE } from '../../support/golden.js';

/** transformers' option names in ours. */
function optionsOf(generation: Generation, contextLength: number): DecodingOptions {
  const { options } = generation;
  const beams = options.num_beams as number;
  const given: Record<string, unknown> = { minLength: 0, ...(beams === 1 ? { strategy: 'greedy' } : { beams }) };
  const names: Record<string, string> = {
    max_length: 'maxLength',
    min_length: 'minLength',
    length_penalty: 'lengthPenalty',
    early_stopping: 'earlyStopping',
    repetition_penalty: 'repetitionPenalty',
    no_repeat_ngram_size: 'noRepeatNgram',
    num_return_sequences: 'num',
  };
  for (const [name, value] of Object.entries(options)) {
    if (name in names) given[names[name]!] = value;
    else if (name !== 'num_beams' && name !== 'do_sample') throw new Error(`unknown reference option ${name}`);
  }
  return decodingOptions(given as Partial<DecodingOptions>, { contextLength });
}

/** Reference captions end with their first end token. */
const cut = (ids: readonly number[], eot: number) => (ids.includes(eot) ? ids.slice(0, ids.indexOf(eot) + 1) : ids);

describe.each(GOLDEN_MODELS)('%s model generates what transformers does', (name) => {
  let reference: Golden;
  let network: OnnxNetwork;
  let pixels: Float32Array;

  beforeAll(async () => {
    reference = await golden(name);
    network = await OnnxNetwork.open(reference.config, reference.checkpoint, TEST_DEVICE);
    pixels = (await reference.expected('pixel_values')).data;
  });
  afterAll(() => network.release());

  const run = async (generation: Generation) => {
    const size = pixels.length / 4;
    const image = pixels.slice(generation.image * size, (generation.image + 1) * size);
    const { tokens } = await network.encodeImages(image, 1);
    const trees = await network.openTrees(tokens);
    const special = reference.config.special_ids!;
    const options = optionsOf(generation, reference.config.text.context_length);
    const [state] = await decode(trees, [startSearch(options, special, generation.prompt, trees.vocabSize)]);
    return results(state!);
  };

  test('for every option set: ids, scores and log-probabilities', async () => {
    expect(reference.generation.length).toBe(32);
    for (const generation of reference.generation) {
      const label = JSON.stringify([generation.image, generation.prompt, generation.options]);
      const captions = await run(generation);
      expect(
        captions.map(({ ids }) => [...ids]),
        label,
      ).toEqual(generation.sequences.map((ids) => cut(ids, reference.config.special_ids!.eot)));
      generation.sequences_scores?.forEach((score, i) => {
        expect(Math.abs(captions[i]!.score - score), label).toBeLessThan(1e-4);
      });
      (generation.token_logprobs?.[0] ?? []).forEach((logprob, i) => {
        expect(Math.abs(captions[0]!.tokens[i]!.logprob - logprob), label).toBeLessThan(1e-4);
      });
    }
  });

  test('forgetting left branches changes nothing, in a long search with many beams', async () => {
    const { tokens } = await network.encodeImages(pixels, 4);
    const { special_ids, text } = reference.config;
    const options = decodingOptions(
      { beams: 8, maxLength: text.context_length, minLength: 16, num: 8 },
      { contextLength: text.context_length },
    );
    const run = async (forget: boolean) => {
      const trees = await network.openTrees(tokens);
      const model = forget
        ? trees
        : { vocabSize: trees.vocabSize, batch: 4, extend: trees.extend.bind(trees), release: () => trees.release() };
      const states = Array.from({ length: 4 }, () =>
        startSearch(options, special_ids!, [special_ids!.sot], trees.vocabSize),
      );
      return (await decode(model, states)).map((state) => results(state).map(({ ids }) => [...ids]));
    };
    expect(await run(true)).toEqual(await run(false));
  });

  test('the same for four pictures side by side', async () => {
    const alone = reference.generation.filter(({ options }) => options.num_beams === 6);
    expect(alone.map(({ image }) => image)).toEqual([0, 1, 2, 3]);
    const { tokens } = await network.encodeImages(pixels, 4);
    const trees = await network.openTrees(tokens);
    const options = optionsOf(alone[0]!, reference.config.text.context_length);
    const special = reference.config.special_ids!;
    const states = alone.map(({ prompt }) => startSearch(options, special, prompt, trees.vocabSize));
    const ended = await decode(trees, states);
    expect(ended.map((state) => [...results(state)[0]!.ids])).toEqual(
      alone.map(({ sequences }) => cut(sequences[0]!, special.eot)),
    );
  });
});
