import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodingOptions } from '../../../src/model/decoding/index.js';
import { loadPicture } from '../../../src/model/image/load-picture.js';
import { type LoadedCoca, loadCoca } from '../../../src/model/store/load.js';
import { fixture } from '../../support/golden.js';

interface Sample {
  readonly image: string;
  readonly greedy_ids: readonly number[];
  readonly beam6_ids: readonly number[];
  readonly beam6_score: number;
  readonly beam6_caption: string;
  readonly similarity_logits: readonly number[];
  readonly caption_mean_logprob: readonly number[];
}

interface Scene {
  readonly image: string;
  readonly caption: string;
  readonly true_captions: readonly string[];
  readonly hard_negatives: readonly string[];
}

const readJson = (path: string) => JSON.parse(readFileSync(fixture(path), 'utf8'));
const { figures, samples } = readJson('scenes/expected.json') as {
  figures: Record<string, number>;
  samples: readonly Sample[];
};
const scenes: readonly Scene[] = readJson('scenes/scenes.json');

describe('the bundled model on its 48 scenes, against OpenCLIP', () => {
  let coca: LoadedCoca;
  beforeAll(async () => {
    coca = await loadCoca({ model: 'scenes', device: 'cpu' });
  });
  afterAll(() => coca.close());

  const picture = (name: string) => loadPicture(readFileSync(fixture(`scenes/${name}`)), coca.preprocess);
  const options = (given: object) => decodingOptions(given, { contextLength: coca.config.text.context_length });

  test('the same captions, greedy and with 6 beams', async () => {
    const beam = options({ beams: 6, maxLength: 24, minLength: 5 });
    const greedy = options({ strategy: 'greedy', maxLength: 24, minLength: 0 });
    for (const sample of samples) {
      const image = await coca.encodeImages([await picture(sample.image)]);
      const [best] = (await coca.caption(image, beam)).captions[0]!;
      expect([...best!.ids], sample.image).toEqual(sample.beam6_ids);
      expect(best!.score).toBeCloseTo(sample.beam6_score, 4);
      expect(coca.tokenizer.decode(best!.ids)).toBe(sample.beam6_caption);
      const [first] = (await coca.caption(image, greedy)).captions[0]!;
      expect([...first!.ids], sample.image).toEqual(sample.greedy_ids);
    }
  });

  test('the same captions in one batch of 48', async () => {
    const pictures = await Promise.all(samples.map(({ image }) => picture(image)));
    const images = await coca.encodeImages(pictures);
    const { captions } = await coca.caption(images, options({ beams: 6, maxLength: 24, minLength: 5 }));
    expect(captions.map(([best]) => [...best!.ids])).toEqual(samples.map(({ beam6_ids }) => beam6_ids));
  });

  test('the same similarities and caption log-probabilities', async () => {
    let byCosine = 0;
    let byLikelihood = 0;
    for (const [i, sample] of samples.entries()) {
      const captions = [scenes[i]!.caption, ...scenes[i]!.hard_negatives];
      const image = await coca.encodeImages([await picture(sample.image)]);
      const texts = await coca.encodeTexts(captions);
      const similarities = texts.map(
        (text) => coca.logitScale * text.reduce((sum, value, k) => sum + value * image.features[0]![k]!, 0),
      );
      const [likelihoods] = await coca.captionLikelihoods(image, captions);
      const means = likelihoods!.map(({ sum, count }) => sum / count);
      for (const [j, similarity] of similarities.entries()) {
        // The reference computes in F32 from the same F16 weights; logits of 30 carry rounding of the tower.
        expect(Math.abs(similarity - sample.similarity_logits[j]!), `${sample.image} ${j}`).toBeLessThan(5e-3);
        expect(Math.abs(means[j]! - sample.caption_mean_logprob[j]!), `${sample.image} ${j}`).toBeLessThan(1e-4);
      }
      if (similarities[0] === Math.max(...similarities)) byCosine++;
      if (means[0] === Math.max(...means)) byLikelihood++;
    }
    expect(byCosine / samples.length).toBeCloseTo(figures.rank_contrastive!, 6);
    expect(byLikelihood / samples.length).toBeCloseTo(figures.rank_caption!, 6);
  });

  test('as many true captions as the reference counted', async () => {
    const beam = options({ beams: 6, maxLength: 24, minLength: 5 });
    let found = 0;
    for (const scene of scenes) {
      const image = await coca.encodeImages([await picture(scene.image)]);
      const [best] = (await coca.caption(image, beam)).captions[0]!;
      if (scene.true_captions.includes(coca.tokenizer.decode(best!.ids))) found++;
    }
    expect(found / scenes.length).toBeCloseTo(figures.true_captions_beam!, 6);
  });
});
