import { describe, expect, test } from 'vitest';
import {
  type DecodingOptions,
  decode,
  decodingOptions,
  results,
  startSearch,
} from '../../../src/model/decoding/index.js';
import { type Generation, GOLDEN_MODELS, type GoldenName } from '../../support/golden.js';
import { fromGenerate, OPENCLIP_MODES, openClipIds } from '../decoding/openclip-generate.js';
import { type EngineUnderTest, opened, withTrees } from './golden-suite.js';

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

/** Every search that transformers made, on an engine. */
export function describeGeneration(engine: EngineUnderTest): void {
  describe.each(GOLDEN_MODELS)(`%s model generates what transformers does, on ${engine.label}`, (name) =>
    generationTests(engine, name),
  );
}

function generationTests(engine: EngineUnderTest, name: GoldenName): void {
  const under = opened(engine, name);
  const allPixels = async () => (await under.reference.expected('pixel_values')).data;

  const run = async (generation: Generation) => {
    const pixels = await allPixels();
    const size = pixels.length / 4;
    const image = pixels.slice(generation.image * size, (generation.image + 1) * size);
    const { tokens } = await under.network.encodeImages(image, 1);
    const special = under.reference.config.special_ids!;
    const options = optionsOf(generation, under.reference.config.text.context_length);
    return withTrees(under.network, tokens, async (trees) => {
      const [state] = await decode(trees, [startSearch(options, special, generation.prompt, trees.vocabSize)]);
      return results(state!);
    });
  };

  test('for every option set: ids, scores and log-probabilities', async () => {
    expect(under.reference.generation.length).toBe(32);
    for (const generation of under.reference.generation) {
      const label = JSON.stringify([generation.image, generation.prompt, generation.options]);
      const captions = await run(generation);
      expect(
        captions.map(({ ids }) => [...ids]),
        label,
      ).toEqual(generation.sequences.map((ids) => cut(ids, under.reference.config.special_ids!.eot)));
      generation.sequences_scores?.forEach((score, i) => {
        expect(Math.abs(captions[i]!.score - score), label).toBeLessThan(engine.tolerance);
      });
      (generation.token_logprobs?.[0] ?? []).forEach((logprob, i) => {
        expect(Math.abs(captions[0]!.tokens[i]!.logprob - logprob), label).toBeLessThan(engine.tolerance);
      });
    }
  });

  test("for OpenCLIP's scoring: the ids of its generate", async () => {
    const { special_ids, text } = under.reference.config;
    const pixels = await allPixels();
    const { tokens } = await under.network.encodeImages(pixels, 4);
    const maxLength = text.context_length - 1;
    for (const [mode, expected] of Object.entries(openClipIds(name))) {
      const given = { ...fromGenerate(OPENCLIP_MODES[mode]!), maxLength, minLength: Math.min(5, maxLength - 1) };
      const options = decodingOptions(given, { contextLength: text.context_length });
      const found = await withTrees(under.network, tokens, (trees) =>
        decode(
          trees,
          expected.map(() => startSearch(options, special_ids!, [special_ids!.sot], trees.vocabSize)),
        ),
      );
      expect(
        found.map((state) => [...results(state)[0]!.ids]),
        mode,
      ).toEqual(expected);
    }
  });

  test('forgetting left branches changes nothing, in a long search with many beams', async () => {
    const { tokens } = await under.network.encodeImages(await allPixels(), 4);
    const { special_ids, text } = under.reference.config;
    const options = decodingOptions(
      { beams: 8, maxLength: text.context_length, minLength: 16, num: 8 },
      { contextLength: text.context_length },
    );
    const run = (forget: boolean) =>
      withTrees(under.network, tokens, async (trees) => {
        const model = forget
          ? trees
          : { vocabSize: trees.vocabSize, batch: 4, extend: trees.extend.bind(trees), release: () => trees.release() };
        const states = Array.from({ length: 4 }, () =>
          startSearch(options, special_ids!, [special_ids!.sot], trees.vocabSize),
        );
        return (await decode(model, states)).map((state) => results(state).map(({ ids }) => [...ids]));
      });
    expect(await run(true)).toEqual(await run(false));
  });

  test('the same for four pictures side by side', async () => {
    const alone = under.reference.generation.filter(({ options }) => options.num_beams === 6);
    expect(alone.map(({ image }) => image)).toEqual([0, 1, 2, 3]);
    const { tokens } = await under.network.encodeImages(await allPixels(), 4);
    const options = optionsOf(alone[0]!, under.reference.config.text.context_length);
    const special = under.reference.config.special_ids!;
    const ended = await withTrees(under.network, tokens, (trees) =>
      decode(
        trees,
        alone.map(({ prompt }) => startSearch(options, special, prompt, trees.vocabSize)),
      ),
    );
    expect(ended.map((state) => [...results(state)[0]!.ids])).toEqual(
      alone.map(({ sequences }) => cut(sequences[0]!, special.eot)),
    );
  });
}
