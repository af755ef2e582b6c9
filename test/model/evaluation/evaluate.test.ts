import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labelClasses } from '../../../src/model/data/classes.js';
import { openDataset } from '../../../src/model/data/open.js';
import { decodingOptions } from '../../../src/model/decoding/index.js';
import { CaptioningMeasure, type Prediction } from '../../../src/model/evaluation/captioning.js';
import { evaluate } from '../../../src/model/evaluation/evaluate.js';
import type { Measure } from '../../../src/model/evaluation/measure.js';
import { PerplexityMeasure } from '../../../src/model/evaluation/perplexity.js';
import { RetrievalMeasure } from '../../../src/model/evaluation/retrieval.js';
import { SelectionMeasure } from '../../../src/model/evaluation/selection.js';
import { ZeroShotMeasure } from '../../../src/model/evaluation/zero-shot.js';
import { loadPicture } from '../../../src/model/image/load-picture.js';
import { BUNDLED_SCENES } from '../../../src/model/scenes/scenes-file.js';
import { type LoadedCoca, loadCoca } from '../../../src/model/store/load.js';
import { temporaryFolder } from '../../support/folder.js';
import { fixture } from '../../support/golden.js';

const { at, write } = temporaryFolder();

interface ReferenceSample {
  readonly image: string;
  readonly beam6_caption: string;
  readonly caption_mean_logprob: readonly number[];
}
const reference = JSON.parse(readFileSync(fixture('scenes/expected.json'), 'utf8')) as {
  figures: Record<string, number> & { readonly by_kind: Readonly<Record<'single' | 'pair' | 'count', string>> };
  samples: readonly ReferenceSample[];
};

let coca: LoadedCoca;
beforeAll(async () => {
  coca = await loadCoca({ model: 'scenes', device: 'cpu' });
});
afterAll(() => coca.close());

const captioning = (strategy: 'beam' | 'greedy', predictions: Prediction[] = []) =>
  new CaptioningMeasure(coca, decodingOptions({ strategy }, { contextLength: 24 }), {}, async (one) => {
    predictions.push(one);
  });

async function run(
  measures: readonly Measure[],
  data = BUNDLED_SCENES,
  given: { batch?: number; limit?: number } = {},
) {
  const problems: string[] = [];
  const needs = measures.some(({ task }) => task === 'zeroshot_classification') ? 'labels' : 'captions';
  const counts = await evaluate(coca, await openDataset(data, { needs }), measures, {
    preprocess: coca.preprocess,
    batch: 16,
    ...given,
    onProblem: (name, { message }) => problems.push(`${name}: ${message}`.replaceAll(at(), '')),
  });
  return { ...counts, problems };
}

interface SceneRecord {
  readonly image: string;
  readonly background: string;
  readonly relation: 'left' | 'above' | null;
  readonly groups: readonly { readonly object: string; readonly plural: string; readonly count: number }[];
}

/** How often the right one of a pair's four arrangements is preferred, from captions that are put together here. */
async function arrangementFigures(): Promise<Record<string, number>> {
  const article = (word: string) => `${/^[aeiou]/.test(word) ? 'an' : 'a'} ${word}`;
  const records = JSON.parse(readFileSync(BUNDLED_SCENES, 'utf8')) as readonly SceneRecord[];
  const pairs = records.filter(({ relation }) => relation !== null);
  const hits = { arrangement: 0, arrangement_caption: 0 };
  for (const { image, background, relation, groups } of pairs) {
    const [a, b] = groups.map(({ object, plural, count }) =>
      count === 1 ? article(object) : `${['two', 'three', 'four'][count - 2]} ${plural}`,
    );
    const phrases = {
      left: [`${b} to the right of ${a}`, `${a} to the right of ${b}`],
      above: [`${a} above ${b}`, `${b} above ${a}`],
    };
    const other = relation === 'left' ? 'above' : 'left';
    const captions = [...phrases[relation!], ...phrases[other]].map(
      (phrase) => `${phrase} on ${article(background)} background`,
    );
    const picture = await loadPicture(readFileSync(fixture(`scenes/${image}`)), coca.preprocess);
    const encoding = await coca.encodeImages([picture]);
    const texts = await coca.encodeTexts(captions);
    const cosines = texts.map((text) => text.reduce((sum, value, i) => sum + value * encoding.features[0]![i]!, 0));
    const [likelihoods] = await coca.captionLikelihoods(encoding, captions, {});
    const means = likelihoods!.map(({ sum, count }) => sum / count);
    if (cosines[0] === Math.max(...cosines)) hits.arrangement++;
    if (means[0] === Math.max(...means)) hits.arrangement_caption++;
  }
  return Object.fromEntries(Object.entries(hits).map(([name, count]) => [name, count / pairs.length]));
}

describe('the bundled model on its scenes', () => {
  it('has the figures of the reference, for captions, rankings and perplexity', async () => {
    const predictions: Prediction[] = [];
    const beam = captioning('beam', predictions);
    const greedy = captioning('greedy');
    const selection = new SelectionMeasure(coca, {});
    const perplexity = new PerplexityMeasure(coca, {});
    expect(await run([beam, greedy, selection, perplexity])).toEqual({ seen: 48, failed: 0, problems: [] });

    const { figures, samples } = reference;
    const { by_kind } = figures;
    /** "8/13" */
    const part = (text: string) => {
      const [found, count] = text.split('/').map(Number);
      return found! / count!;
    };
    expect(beam.metrics()).toMatchObject({
      true_captions: figures.true_captions_beam,
      true_captions_single: part(by_kind.single),
      true_captions_pair: part(by_kind.pair),
      true_captions_count: part(by_kind.count),
    });
    expect(greedy.metrics().true_captions).toBe(figures.true_captions_greedy);
    expect(selection.metrics()).toEqual({
      acc: figures.rank_contrastive,
      acc_caption: figures.rank_caption,
      ...(await arrangementFigures()),
    });
    expect(predictions.map(({ caption }) => caption)).toEqual(samples.map(({ beam6_caption }) => beam6_caption));
    expect(predictions.filter((one) => one.true)).toHaveLength(figures.true_captions_beam * samples.length);

    // The reference has means; how many tokens they are of is the tokenizer's to say.
    const scenes = JSON.parse(readFileSync(BUNDLED_SCENES, 'utf8')) as { caption: string }[];
    let sum = 0;
    let tokens = 0;
    for (const [i, { caption }] of scenes.entries()) {
      const count = coca.tokenizer.encode(caption).length + 1;
      sum += samples[i]!.caption_mean_logprob[0]! * count;
      tokens += count;
    }
    expect(perplexity.metrics().caption_perplexity).toBeCloseTo(Math.exp(-sum / tokens), 3);
  });

  it('has the same figures whatever the batch, and looks at no more than it is told to', async () => {
    const alone = captioning('greedy');
    const together = captioning('greedy');
    expect(await run([alone], BUNDLED_SCENES, { batch: 1, limit: 10 })).toEqual({ seen: 10, failed: 0, problems: [] });
    await run([together], BUNDLED_SCENES, { batch: 7, limit: 10 });
    expect(alone.metrics()).toEqual(together.metrics());
    expect(alone.count).toBe(10);
  });

  it('finds pictures as the whole matrix of cosines says', async () => {
    const scenes = JSON.parse(readFileSync(BUNDLED_SCENES, 'utf8')) as { image: string; true_captions: string[] }[];
    const some = scenes
      .slice(0, 12)
      .map(({ image, true_captions }) => ({ image, captions: true_captions.slice(0, 2) }));
    const data = write(
      'some.jsonl',
      some.map(({ image, captions }) => JSON.stringify({ image: fixture(`scenes/${image}`), captions })).join('\n'),
    );
    const retrieval = new RetrievalMeasure(coca, {});
    await run([retrieval], data);

    const pictures = await Promise.all(
      some.map(({ image }) => loadPicture(readFileSync(fixture(`scenes/${image}`)), coca.preprocess)),
    );
    const images = (await coca.encodeImages(pictures)).features;
    const texts = await coca.encodeTexts(some.flatMap(({ captions }) => captions));
    const cosine = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
    const best = (query: Float32Array, among: readonly Float32Array[]) => {
      const scores = among.map((one) => cosine(query, one));
      return scores.indexOf(Math.max(...scores));
    };
    const byText = texts.filter((text, i) => best(text, images) === Math.floor(i / 2)).length / texts.length;
    const byImage = images.filter((image, i) => Math.floor(best(image, texts) / 2) === i).length / images.length;
    expect(await retrieval.metrics()).toMatchObject({
      'image_retrieval_recall@1': byText,
      'text_retrieval_recall@1': byImage,
      'image_retrieval_recall@10': expect.any(Number),
    });
    expect(retrieval.count).toBe(12);
  });

  it('names single things by their nearest class, templates averaged', async () => {
    const singles = { book: '0001', brown_circle: '0002', taxi: '0003', swan: '0004', mushroom: '0006', snake: '0010' };
    for (const [label, image] of Object.entries(singles)) {
      mkdirSync(at('classes', label), { recursive: true });
      copyFileSync(fixture(`scenes/${image}.png`), at('classes', label, 'a.png'));
    }
    const classes = labelClasses(Object.keys(singles), 'test');
    expect(classes.names).toEqual(['book', 'brown circle', 'mushroom', 'snake', 'swan', 'taxi']);
    const templates = ['a {}', 'a small {}', 'a large {}'];
    const zeroShot = await ZeroShotMeasure.create(coca, classes, templates);
    expect(await run([zeroShot], at('classes'))).toEqual({ seen: 6, failed: 0, problems: [] });

    let right = 0;
    for (const [label, image] of Object.entries(singles)) {
      const picture = await loadPicture(readFileSync(fixture(`scenes/${image}.png`)), coca.preprocess);
      const [feature] = (await coca.encodeImages([picture])).features;
      const scores: number[] = [];
      for (const name of classes.names) {
        const texts = await coca.encodeTexts(templates.map((template) => template.replace('{}', name)));
        const mean = texts[0]!.map((_, i) => texts.reduce((sum, text) => sum + text[i]!, 0) / 3);
        const length = Math.hypot(...mean);
        scores.push(mean.reduce((sum, x, i) => sum + (x / length) * feature![i]!, 0));
      }
      if (classes.names[scores.indexOf(Math.max(...scores))] === label.replace('_', ' ')) right++;
    }
    expect(right).toBeGreaterThan(3);
    expect(zeroShot.metrics()).toMatchObject({ acc1: right / 6, mean_per_class_recall: right / 6 });
  });
});

describe('samples that cannot be measured', () => {
  it('are told one by one, and the others count', async () => {
    write('bad.png', 'no picture');
    const good = fixture('scenes/0001.png');
    const data = write(
      'd.jsonl',
      [
        { image: good, caption: 'a small book', hard_negatives: ['a small key'] },
        { image: 'bad.png', caption: 'a book' },
        { image: 'gone.png', caption: 'a book' },
        { image: good },
        { image: good, caption: 'book '.repeat(40), hard_negatives: ['a key'] },
        { image: good, caption: 'a book' },
      ]
        .map((row) => JSON.stringify(row))
        .join('\n'),
    );
    const selection = new SelectionMeasure(coca, {});
    const retrieval = new RetrievalMeasure(coca, {});
    const { seen, failed, problems } = await run([selection, retrieval], data, { batch: 4 });
    // The samples of one name are several, and one that two measures refuse is one.
    expect({ seen, failed }).toEqual({ seen: 6, failed: 5 });
    expect(selection.count).toBe(1);
    expect(retrieval.count).toBe(2);
    expect(problems).toEqual([
      expect.stringMatching(/row 2: \/bad\.png: not a picture/),
      expect.stringMatching(/row 3: no such file: \/gone\.png/),
      `${good}: no caption with "hard_negatives" to tell it from`,
      `${good}: no caption`,
      `${good}: the caption is longer than the 24 ids this model reads`,
      `${good}: the caption is longer than the 24 ids this model reads`,
      `${good}: no caption with "hard_negatives" to tell it from`,
    ]);
  });

  it('of classes are those without a label, or with one that is no class', async () => {
    const image = fixture('scenes/0001.png');
    const rows = [{ label: 'book' }, {}, { label: 'unicorn' }, { label: 1 }, { label: 2 }];
    const data = write('d.jsonl', rows.map((row) => JSON.stringify({ image, ...row })).join('\n'));
    const zeroShot = await ZeroShotMeasure.create(coca, labelClasses(['book', 'key'], 'test'), ['a {}']);
    const { problems } = await run([zeroShot], data);
    expect(zeroShot.count).toBe(2);
    expect(problems).toEqual([
      `${image}: no label`,
      `${image}: its label "unicorn" is no class`,
      `${image}: its label 2 is no class`,
    ]);
  });

  it('stop when they are interrupted', async () => {
    const stop = new AbortController();
    const dataset = await openDataset(BUNDLED_SCENES, { needs: 'captions' });
    const work = evaluate(coca, dataset, [new RetrievalMeasure(coca, {})], {
      preprocess: coca.preprocess,
      batch: 4,
      signal: stop.signal,
      onProblem: () => undefined,
      onProgress: (done) => done === 8 && stop.abort(),
    });
    await expect(work).rejects.toMatchObject({ code: 'interrupted' });
  });
});
