import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dot, meanDirection } from '../../../src/model/base/numbers/vectors.js';
import { ClassificationCount } from '../../../src/model/metrics/classification.js';
import { retrievalMetrics } from '../../../src/model/metrics/retrieval.js';

describe('zero-shot classification', () => {
  it('counts the first, the first five, and each class for itself', () => {
    const count = new ClassificationCount(6);
    count.add([9, 1, 2, 3, 4, 5], 0); // first
    count.add([9, 1, 2, 3, 4, 5], 0); // first
    count.add([9, 8, 7, 6, 5, 4], 4); // fifth
    count.add([9, 8, 7, 6, 5, 4], 5); // sixth
    count.add([1, 1, 0, 0, 0, 0], 1); // of equals the earlier class is first
    const { acc1, acc5, mean_per_class_recall } = count.metrics();
    expect(acc1).toBeCloseTo(2 / 5);
    expect(acc5).toBeCloseTo(4 / 5);
    // Classes 0, 1, 4 and 5 occur.
    expect(mean_per_class_recall).toBeCloseTo((1 + 0 + 0 + 0) / 4);
  });

  it('has no first five of four classes', () => {
    const count = new ClassificationCount(4);
    count.add([1, 0, 0, 0], 0);
    expect(count.metrics()).toEqual({ acc1: 1, acc5: null, mean_per_class_recall: 1 });
  });
});

/** CLIP_benchmark's way: the whole score matrix, sorted, and whether a positive is among the first k. */
function byMatrix(images: number[][], texts: number[][], imageOfText: number[], k: number): [number, number] {
  const score = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + Math.fround(x) * Math.fround(b[i]!), 0);
  const hits = (
    queries: number[][],
    candidates: number[][],
    isRight: (query: number, candidate: number) => boolean,
  ) => {
    const found = queries.filter((query, q) =>
      candidates
        .map((candidate, i) => ({ i, score: score(query, candidate) }))
        .sort((a, b) => b.score - a.score || a.i - b.i)
        .slice(0, k)
        .some(({ i }) => isRight(q, i)),
    );
    return found.length / queries.length;
  };
  return [
    hits(texts, images, (text, image) => imageOfText[text] === image),
    hits(images, texts, (image, text) => imageOfText[text] === image),
  ];
}

describe('retrieval', () => {
  it('counts a picture as found with any of its captions, a caption with its one picture', async () => {
    const unit = (...values: number[]) => Float32Array.from(values);
    const images = [unit(1, 0), unit(0, 1)];
    // Both captions of picture 0: one near it, one nearer to picture 1.
    const texts = [unit(1, 0), unit(0.6, 0.8), unit(0, 1)];
    expect(await retrievalMetrics(images, texts, [0, 0, 1], [1, 2])).toEqual({
      'image_retrieval_recall@1': 2 / 3,
      'text_retrieval_recall@1': 1,
      'image_retrieval_recall@2': 1,
      'text_retrieval_recall@2': 1,
    });
  });

  it('is what the sorted score matrix says', async () => {
    // Few different values, so that scores are often equal.
    const vector = fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 3, maxLength: 3 });
    const data = fc.array(fc.record({ image: vector, texts: fc.array(vector, { minLength: 1, maxLength: 3 }) }), {
      minLength: 1,
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(data, fc.integer({ min: 1, max: 5 }), async (rows, k) => {
        const images = rows.map(({ image }) => image);
        const texts = rows.flatMap((row) => row.texts);
        const imageOfText = rows.flatMap((row, i) => row.texts.map(() => i));
        const floats = (list: number[][]) => list.map((one) => Float32Array.from(one));
        const metrics = await retrievalMetrics(floats(images), floats(texts), imageOfText, [k]);
        expect([metrics[`image_retrieval_recall@${k}`], metrics[`text_retrieval_recall@${k}`]]).toEqual(
          byMatrix(images, texts, imageOfText, k),
        );
      }),
    );
  });
});

describe('retrieval that takes long', () => {
  it('stops when it is told to', async () => {
    const many = Array.from({ length: 3000 }, (_, i) => Float32Array.from({ length: 64 }, (_, j) => Math.sin(i * j)));
    const stop = new AbortController();
    const work = retrievalMetrics(many, many, [...many.keys()], [1], { signal: stop.signal });
    stop.abort();
    await expect(work).rejects.toMatchObject({ code: 'interrupted' });
  });
});

describe('vectors', () => {
  it('have a mean direction of length one', () => {
    const mean = meanDirection([Float32Array.from([1, 0]), Float32Array.from([0, 1])]);
    expect(mean[0]).toBeCloseTo(Math.SQRT1_2);
    expect(dot(mean, mean)).toBeCloseTo(1);
  });
});
